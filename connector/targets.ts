// The AWS targets that runs name. With a key of this connector they are opened once and kept open; where the console lends, each
// task opens its own, with credentials that only reach what its run needs. Which target a run goes to only the console knows.
import { faultError } from '../replication/model/fault.ts';
import { openEbsDirect, openStaging } from '../replication/target/aws/open-target.ts';
import { renewed } from '../replication/target/aws/sign-in.ts';
import type { AwsCredentials, AwsTargetConfig, EbsDirect, Staging } from '../replication/target/aws/target.ts';
import type { GatewayResponse, StepTarget } from '../replication/wire/gateway.ts';
import type { ConnectorConfig } from './config.ts';

interface Opened {
  staging: Staging;
  ebs: EbsDirect;
  close(): void;
}

/** Asks the console for the credentials of one task. */
export type Borrow = () => Promise<GatewayResponse<'lend'>>;

type Own = ConnectorConfig['aws'];
type Keyed = Own & { [K in 'region' | 'bucket' | 'accessKeyId' | 'secretAccessKey']: string };

export class TargetsOfTasks {
  readonly #config: Own;
  readonly #opened = new Map<string, Opened>();

  constructor(config: Own) {
    this.#config = config;
  }

  /**
   * What a task names, or what this connector was set up with where an older console names none. `close` it when the task is
   * over. Where nobody gives a key, every call at AWS fails with `connector-without-key`.
   */
  of(named: StepTarget | undefined, borrow: Borrow): Opened {
    if (named?.signIn === 'lent') return open({ ...placeOf(this.#config, named), credentials: borrowed(borrow) });
    const own = this.#config;
    if (!hasKey(own)) return open({ ...placeOf(own, named), credentials: nobodys });
    const key = named ? `${named.id}/${named.revision}` : '';
    let opened = this.#opened.get(key);
    if (!opened) {
      opened = open(targetConfig(own, named));
      this.#opened.set(key, opened);
    }
    // Others go on using it.
    return { ...opened, close() {} };
  }

  /** Said before a run begins to do anything. @throws `connector-without-key` */
  demandKey(named: StepTarget | undefined): void {
    if (named?.signIn !== 'lent' && !hasKey(this.#config)) throw faultError('connector-without-key');
  }

  close(): void {
    for (const opened of this.#opened.values()) opened.close();
    this.#opened.clear();
  }
}

export function hasKey(own: Own): own is Keyed {
  return own.accessKeyId !== undefined;
}

/** Asked again before they end. How long they last counts from the question: the clocks of both sides may differ. */
function borrowed(borrow: Borrow): () => Promise<AwsCredentials> {
  return renewed(async () => {
    const asked = Date.now();
    const { seconds, ...keys } = await borrow();
    return { ...keys, expiration: new Date(asked + seconds * 1000) };
  });
}

async function nobodys(): Promise<never> {
  throw faultError('connector-without-key');
}

function open(config: AwsTargetConfig): Opened {
  const staging = openStaging(config);
  const ebs = openEbsDirect(config);
  return {
    staging,
    ebs,
    close() {
      staging.close();
      ebs.close();
    },
  };
}

/** The key is the connector's own. */
export function targetConfig(own: Keyed, named?: StepTarget): AwsTargetConfig {
  const { accessKeyId, secretAccessKey } = own;
  return { ...placeOf(own, named), credentials: { accessKeyId, secretAccessKey } };
}

/**
 * Region, bucket and prefix are the console's to say. The addresses in its own Region are the connector's where it was given some:
 * it may reach AWS by another way than the console does.
 */
function placeOf(own: Own, named?: StepTarget): Omit<AwsTargetConfig, 'credentials'> {
  if (!named) return { region: own.region ?? '', bucket: own.bucket ?? '', endpoints: own.endpoints };
  const { region, bucket, prefix, endpoints } = named;
  const hasOwn = region === own.region && Object.keys(own.endpoints).length > 0;
  return { region, bucket, prefix, endpoints: hasOwn ? own.endpoints : endpoints };
}
