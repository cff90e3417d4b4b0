// The open AWS target of this process. Only this folder and the engine speak to AWS, and never inside a transaction.
import { type Fault, toFault } from '../../../replication/model/fault.ts';
import { openAwsTarget } from '../../../replication/target/aws/open-target.ts';
import type { AwsTarget } from '../../../replication/target/aws/target.ts';
import { guard, type ServiceContext } from '../context.ts';
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

/** Where the AWS target is: what a review says before anything is made there. */
export interface TargetPlace {
  region: string;
  bucket: string;
  /** Twelve digits; null when AWS did not say, and then `fault` says why. */
  account: string | null;
  fault: Fault | null;
}

/** A review may wait this long for the account; it can be read without. */
const PATIENCE_MS = 8000;

/** The AWS target with its account, as STS says it. @throws `input-invalid` when no target is configured. */
export async function targetPlace(ctx: ServiceContext): Promise<TargetPlace> {
  guard(ctx, 'target.read');
  const { region, bucket } = awsTargetConfig();
  try {
    const { account } = await awsTarget().identity(AbortSignal.timeout(PATIENCE_MS));
    return { region, bucket, account, fault: null };
  } catch (error) {
    return { region, bucket, account: null, fault: toFault(error) };
  }
}
