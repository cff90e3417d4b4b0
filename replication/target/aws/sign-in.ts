// Credentials for an AWS target that come from somewhere: AWS's default chain, and a role that is assumed. They expire, and are
// renewed before they do.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { withoutPatience } from '../../disks/outlast.ts';
import { type Fault, FaultError, fault } from '../../model/fault.ts';
import { type ClientLimits, createClients } from './clients.ts';
import { awsFault } from './faults.ts';
import type { AwsCredentials, AwsTargetConfig } from './target.ts';

export type CredentialProvider = (options?: { forceRefresh?: boolean }) => Promise<AwsCredentials>;

/** Where AWS is asked, and as whom. */
export type Asking = Pick<AwsTargetConfig, 'region' | 'endpoints' | 'credentials'>;

export interface RoleToAssume {
  roleArn: string;
  externalId: string;
  /** By it the calls are found in CloudTrail; 2 to 64 letters, digits and `+=,.@_-`. */
  sessionName: string;
}

/** How long before their end credentials are renewed; the SDK asks for others five minutes before it. */
const RENEW_BEFORE_MS = 10 * 60_000;
/** What no renewal came for is used until shortly before its end. */
const LAST_USE_MS = 30_000;
/** While renewals fail, one is tried this often. */
const TRY_AGAIN_MS = 15_000;
/** And so long one is waited for. */
const LONGEST_WAIT_MS = 2_000;
/** Every role allows an hour, and AWS allows no more to whoever has assumed a role himself. */
const SESSION_SECONDS = 3600;
const PATIENCE_MS = 30_000;

/**
 * What AWS's SDK finds by itself: `AWS_…` variables, web identity, profile, role of a container, of an instance.
 * Fails with `aws-credentials-missing` when it finds nothing.
 */
export function defaultChain(region: string): CredentialProvider {
  let chain: Promise<CredentialProvider> | undefined;
  return async (options) => {
    chain ??= import('@aws-sdk/credential-provider-node').then(({ defaultProvider }) => {
      const found = defaultProvider({ clientConfig: { region } });
      return (asked) => found({ ...(asked?.forceRefresh && { forceRefresh: true }) });
    });
    try {
      return await (await chain)(options);
    } catch (error) {
      throw awsFault(error);
    }
  };
}

/** Credentials of a role, an hour each. Fails with `aws-role-refused` when AWS does not let us assume it. */
export function assumedRole(from: Asking, role: RoleToAssume, limits?: ClientLimits): CredentialProvider {
  return renewed(() => assumeRole(from, role, limits));
}

/** @throws `aws-role-unguarded` when the role is given without the external id */
export async function checkRoleIsGuarded(from: Asking, role: RoleToAssume, limits?: ClientLimits): Promise<void> {
  const externalId = `landfall-check-${randomBytes(16).toString('hex')}`;
  try {
    await assumeRole(from, { ...role, externalId }, limits);
  } catch (error) {
    if (error instanceof FaultError && error.fault.code === 'aws-role-refused') return;
    throw error;
  }
  const message = `The role ${role.roleArn} can be assumed without the external id ${role.externalId}.`;
  throw new FaultError(fault('aws-role-unguarded', { message }));
}

async function assumeRole(from: Asking, role: RoleToAssume, limits?: ClientLimits): Promise<AwsCredentials> {
  const clients = createClients({ ...from, bucket: '' }, limits);
  try {
    const { Credentials: given } = await withoutPatience(() =>
      clients.sts('sts:AssumeRole', AbortSignal.timeout(PATIENCE_MS), (sts, http) =>
        sts.assumeRole(
          {
            RoleArn: role.roleArn,
            ExternalId: role.externalId,
            RoleSessionName: role.sessionName,
            DurationSeconds: SESSION_SECONDS,
          },
          http,
        ),
      ),
    );
    if (!given?.AccessKeyId || !given.SecretAccessKey || !given.SessionToken || !given.Expiration)
      throw new FaultError(fault('aws-fault', { message: 'STS gave no credentials for the role.' }));
    return {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.SessionToken,
      expiration: given.Expiration,
    };
  } catch (error) {
    throw refusalOf(error, role);
  } finally {
    clients.close();
  }
}

function refusalOf(error: unknown, { roleArn, externalId }: RoleToAssume): FaultError {
  const { fault: known } = awsFault(error);
  if (known.code !== 'aws-access-denied') return new FaultError(known, { cause: error });
  const message = `AWS does not let the console assume the role ${roleArn} with the external id ${externalId}.`;
  const details: Partial<Fault> = { message, ...(known.cause && { cause: known.cause }) };
  return new FaultError(fault('aws-role-refused', details), { cause: error });
}

/**
 * Asks once for all who need them at a time, again before they end, and makes do with what it has while it gets nothing new: nobody
 * waits long for others as long as these are good.
 */
export function renewed(ask: () => Promise<AwsCredentials>, now: () => number = () => Date.now()): CredentialProvider {
  let held: AwsCredentials | undefined;
  let life = 0;
  let asking: Promise<AwsCredentials> | undefined;
  let tryAgainAt = 0;
  const left = () => (held?.expiration ? held.expiration.getTime() - now() : held ? Number.POSITIVE_INFINITY : 0);
  // Those that last for moments only are renewed later, and used longer.
  const renewBefore = () => Math.min(RENEW_BEFORE_MS, life / 3);
  const isGood = () => left() > Math.min(LAST_USE_MS, life / 10);
  const renew = () => {
    asking ??= ask()
      .then((given) => {
        held = given;
        life = left();
        return given;
      })
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };
  return async (options) => {
    if (held && !options?.forceRefresh) {
      if (left() > renewBefore()) return held;
      if (isGood() && now() < tryAgainAt) return held;
    }
    const before = options?.forceRefresh || !isGood() ? undefined : held;
    try {
      const asked = renew();
      if (!before) return await asked;
      const given = await Promise.race([asked, afterAWhile()]);
      if (given) return given;
      tryAgainAt = now() + TRY_AGAIN_MS;
      return isGood() ? before : await asked;
    } catch (error) {
      tryAgainAt = now() + TRY_AGAIN_MS;
      if (before && isGood()) return before;
      throw error;
    }
  };
}

const afterAWhile = () => delay(LONGEST_WAIT_MS, null, { ref: false });
