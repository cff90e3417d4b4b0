// The AWS targets that this process has open, each by its id and revision. Only this folder and the engine speak to AWS, and never
// inside a transaction.
import type { Queries } from '../../../db/client.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { openAwsTarget } from '../../../replication/target/aws/open-target.ts';
import type { AwsTarget, AwsTargetConfig } from '../../../replication/target/aws/target.ts';
import { type AtPlace, placeAt, targetById } from '../targets/store.ts';
import { believed } from './believed-sts.ts';
import { CurrentCredentials } from './current-credentials.ts';

export interface Targets {
  /**
   * Opened at its first use and kept: a place that has a revision never changes. How it signs in may change, and counts from the
   * next call on, also for who holds it already. @throws `aws-credentials-missing`, `secret-key-missing`, `secret-unreadable` when
   * there is nothing to sign in with, `aws-fault` while the place awaits what the environment says of it
   */
  at(db: Queries, where: AtPlace): Promise<AwsTarget>;
  close(): void;
}

interface Opened {
  target: AwsTarget;
  credentials: CurrentCredentials;
}

export class TargetPool implements Targets {
  readonly #opened = new Map<string, Opened>();
  readonly #open: (config: AwsTargetConfig) => AwsTarget;

  constructor(open: (config: AwsTargetConfig) => AwsTarget = openAwsTarget) {
    this.#open = open;
  }

  async at(db: Queries, where: AtPlace): Promise<AwsTarget> {
    const key = `${where.targetId}/${where.targetRevision}`;
    const row = await targetById(db, where.targetId);
    const known = this.#opened.get(key);
    if (known) {
      known.credentials.follow(row);
      return known.target;
    }
    const place = await placeAt(db, where);
    const { region, bucket, prefix, endpoints, importRole, awaitsEnvironment } = place;
    if (awaitsEnvironment) {
      throw faultError('aws-fault', {
        message: 'The AWS target is not known in full: no worker was started since the update.',
        remedy: 'Start a worker with the AWS variables set (docs/operations.md).',
        retry: 'later',
      });
    }
    // Somebody else may have opened it meanwhile.
    const meanwhile = this.#opened.get(key);
    if (meanwhile) return meanwhile.target;
    const credentials = new CurrentCredentials(place, row, () => targetById(db, where.targetId));
    const target = this.#open({
      region,
      bucket,
      prefix,
      credentials: credentials.provide,
      endpoints: believed(endpoints),
      ...(importRole && { importRole }),
    });
    this.#opened.set(key, { target, credentials });
    return target;
  }

  close(): void {
    for (const { target } of this.#opened.values()) target.close();
    this.#opened.clear();
  }
}

const slot = globalThis as { landfallTargets?: Targets };

/** Those of this process. */
export function targetPool(): Targets {
  slot.landfallTargets ??= new TargetPool();
  return slot.landfallTargets;
}

/** No page waits longer than this for AWS. */
export function cloudDeadline(): AbortSignal {
  return AbortSignal.timeout(25_000);
}
