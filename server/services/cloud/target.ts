// The open AWS target of this process. Only this folder and the engine speak to AWS, and never inside a transaction.
import { openAwsTarget } from '../../../replication/target/aws/open-target.ts';
import type { AwsTarget } from '../../../replication/target/aws/target.ts';
import { awsTargetConfig } from '../target.ts';

const slot = globalThis as { landfallAwsTarget?: AwsTarget };

export function awsTarget(): AwsTarget {
  slot.landfallAwsTarget ??= openAwsTarget(awsTargetConfig());
  return slot.landfallAwsTarget;
}

/** No page waits longer than this for AWS. */
export function cloudDeadline(): AbortSignal {
  return AbortSignal.timeout(25_000);
}
