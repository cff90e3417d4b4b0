// The AWS targets that runs name, opened with the key of this connector and kept open. Which target a run goes to only the console knows.
import { openEbsDirect, openStaging } from '../replication/target/aws/open-target.ts';
import type { AwsTargetConfig, EbsDirect, Staging } from '../replication/target/aws/target.ts';
import type { StepTarget } from '../replication/wire/gateway.ts';
import type { ConnectorConfig } from './config.ts';

interface Opened {
  staging: Staging;
  ebs: EbsDirect;
  close(): void;
}

export class TargetsOfTasks {
  readonly #config: ConnectorConfig['aws'];
  readonly #opened = new Map<string, Opened>();

  constructor(config: ConnectorConfig['aws']) {
    this.#config = config;
  }

  /** What a task names, or what this connector was set up with where an older console names none. */
  of(named: StepTarget | undefined): Pick<Opened, 'staging' | 'ebs'> {
    const key = named ? `${named.id}/${named.revision}` : '';
    let opened = this.#opened.get(key);
    if (!opened) {
      opened = open(targetConfig(this.#config, named));
      this.#opened.set(key, opened);
    }
    return opened;
  }

  close(): void {
    for (const opened of this.#opened.values()) opened.close();
    this.#opened.clear();
  }
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

/**
 * Region, bucket and prefix are the console's to say; the key is the connector's own, and so are the addresses in its own
 * Region where it was given some: it may reach AWS by another way than the console does.
 */
export function targetConfig(own: ConnectorConfig['aws'], named?: StepTarget): AwsTargetConfig {
  const { accessKeyId, secretAccessKey } = own;
  const credentials = { accessKeyId, secretAccessKey };
  if (!named) return { region: own.region, bucket: own.bucket, credentials, endpoints: own.endpoints };
  const { region, bucket, prefix } = named;
  const hasOwn = region === own.region && Object.keys(own.endpoints).length > 0;
  return { region, bucket, prefix, credentials, endpoints: hasOwn ? own.endpoints : named.endpoints };
}
