// Whose account a sign-in opens, as STS says it.
import { FaultError, faultError } from '../../../replication/model/fault.ts';
import { openAwsTarget } from '../../../replication/target/aws/open-target.ts';
import { type SignIn, signInOf } from '../targets/sign-in.ts';
import type { PlaceRow, TargetRow } from '../targets/store.ts';
import { believed } from './believed-sts.ts';
import { checkGuarded, credentialsFor } from './credentials.ts';

type Where = Pick<PlaceRow, 'targetId' | 'region' | 'bucket' | 'endpoints'>;

/** A form waits no longer for all that STS is asked. */
export const LONGEST_ASKING_MS = 30_000;

/** Gives all of it one deadline. @throws `aws-unreachable` when it has passed */
export async function askingSts<T>(withinMs: number, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(withinMs);
  const passed = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () =>
      reject(
        faultError('aws-unreachable', {
          message: `STS of AWS did not answer within ${Math.round(withinMs / 1000)} seconds, so nothing was changed.`,
          remedy: 'Check the network, the proxy and the endpoints of the AWS target, and try again.',
        }),
      ),
    );
  });
  // What STS says too late is heard by nobody: it was only asked.
  return Promise.race([ask(signal), passed]);
}

/** @throws `aws-credentials-refused`, `aws-role-refused`, `aws-role-unguarded` and what else AWS says of the sign-in */
export async function accountOf(signIn: SignIn, where: Where, signal: AbortSignal): Promise<string> {
  const { region, bucket } = where;
  const endpoints = believed(where.endpoints);
  const opened = openAwsTarget({ region, bucket, endpoints, credentials: credentialsFor(signIn, where) });
  try {
    const { account } = await opened.identity(signal);
    await checkGuarded(signIn, where);
    return account;
  } finally {
    opened.close();
  }
}

/** By the sign-in that the target has; null when that does not work, which says nothing of the account. */
export async function accountAsItIs(target: TargetRow, where: Where, signal: AbortSignal): Promise<string | null> {
  try {
    return await accountOf(signInOf(target), where, signal);
  } catch (error) {
    // Of one that could not be asked just now nothing is known.
    if (error instanceof FaultError && error.fault.retry !== 'now') return null;
    throw error;
  }
}

export function anotherAccount(known: string, found: string) {
  return faultError('aws-account-differs', {
    message: `The credentials belong to the AWS account ${found}, and the AWS target is of ${known}.`,
  });
}
