// Where the AWS target is: account, Region, staging bucket. What a review says before anything is made there.
import { type Fault, toFault } from '../../../replication/model/fault.ts';
import { guard, type ServiceContext } from '../context.ts';
import { awsTargetConfig } from '../target.ts';
import { awsTarget } from './target.ts';

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
