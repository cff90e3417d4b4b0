// The AWS targets that this process has open, each by its id and revision. Only this folder and the engine speak to AWS, and never
// inside a transaction.
import type { Queries } from '../../../db/client.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { openAwsTarget } from '../../../replication/target/aws/open-target.ts';
import type { AwsTarget, AwsTargetConfig } from '../../../replication/target/aws/target.ts';
import { awsEnvironment } from '../../env.ts';
import { type AtPlace, placeAt } from '../targets/store.ts';

export interface Targets {
  /**
   * Opened at its first use and kept: a place that has a revision never changes. @throws `input-invalid` without a key,
   * `aws-fault` while the place awaits what the environment says of it
   */
  at(db: Queries, where: AtPlace): Promise<AwsTarget>;
  close(): void;
}

export class TargetPool implements Targets {
  readonly #opened = new Map<string, AwsTarget>();
  readonly #open: (config: AwsTargetConfig) => AwsTarget;

  constructor(open: (config: AwsTargetConfig) => AwsTarget = openAwsTarget) {
    this.#open = open;
  }

  async at(db: Queries, where: AtPlace): Promise<AwsTarget> {
    const key = `${where.targetId}/${where.targetRevision}`;
    const known = this.#opened.get(key);
    if (known) return known;
    const { region, bucket, prefix, endpoints, importRole, awaitsEnvironment } = await placeAt(db, where);
    if (awaitsEnvironment) {
      throw faultError('aws-fault', {
        message: 'The AWS target is not known in full: no worker was started since the update.',
        remedy: 'Start a worker with the AWS variables set (docs/operations.md).',
        retry: 'later',
      });
    }
    const credentials = awsKey();
    // Somebody else may have opened it meanwhile.
    const opened =
      this.#opened.get(key) ??
      this.#open({ region, bucket, prefix, credentials, endpoints, ...(importRole && { importRole }) });
    this.#opened.set(key, opened);
    return opened;
  }

  close(): void {
    for (const target of this.#opened.values()) target.close();
    this.#opened.clear();
  }
}

const slot = globalThis as { landfallTargets?: Targets };

/** Those of this process. */
export function targetPool(): Targets {
  slot.landfallTargets ??= new TargetPool();
  return slot.landfallTargets;
}

/** The key that every target is opened with. @throws `input-invalid` with what is missing */
export function awsKey(): { accessKeyId: string; secretAccessKey: string } {
  const { LANDFALL_AWS_ACCESS_KEY_ID: accessKeyId, LANDFALL_AWS_SECRET_ACCESS_KEY: secretAccessKey } = awsEnvironment();
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey };
  throw faultError('input-invalid', {
    message: 'There is no key for AWS: LANDFALL_AWS_ACCESS_KEY_ID and LANDFALL_AWS_SECRET_ACCESS_KEY are not both set.',
    remedy: 'Set these variables for web and worker and start again (docs/operations.md).',
  });
}

/** No page waits longer than this for AWS. */
export function cloudDeadline(): AbortSignal {
  return AbortSignal.timeout(25_000);
}
