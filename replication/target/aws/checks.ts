// What the connector reports of its way to AWS: staging bucket, EBS direct, clock.
import { toFault } from '../../model/fault.ts';
import { type AwsClients, createClients } from './clients.ts';
import { hasAwsCode } from './faults.ts';
import { STAGING_PREFIX } from './lifecycle.ts';
import { probeStaging, probeUpload } from './probe-staging.ts';
import { stagingPlace } from './s3-staging.ts';
import type { AwsTargetConfig } from './target.ts';

export interface HealthCheck {
  id: string;
  label: string;
  ok: boolean;
  detail: string;
  /** A failed `required` check makes the connector unhealthy. */
  level: 'required' | 'advice';
}

const LIMITS = { attempts: 2, attemptSeconds: 8, idleSeconds: 8 };
const SECONDS = { seconds: 20 };
/** EC2 refuses requests that are 5 minutes off, S3 those that are 15 minutes off. */
const SKEW_REFUSED_MS = 4 * 60_000;
const SKEW_NOTICED_MS = 30_000;
/** Well formed, and nobody's. */
const NO_SNAPSHOT = 'snap-00000000000000000';

/** So often everything that a run does is tried; between, an upload is only begun: a bucket may keep every version. */
const WHOLE_PROBE_MS = 60 * 60_000;
/** When a target's bucket took everything last, and what its answer told. */
const probed = new WeakMap<AwsTargetConfig, { at: number; keepsDeleted: boolean }>();

/**
 * The bucket is there, ours and in the Region, and takes what a run does to it, tried whole at first, after a failure and
 * once an hour; and, from the answers, how far our clock is off. Never rejects, unless `signal` is aborted.
 */
export async function checkStaging(config: AwsTargetConfig, signal: AbortSignal): Promise<HealthCheck[]> {
  const clients = createClients(config, LIMITS);
  try {
    const staging = await check('s3', 'Staging bucket in Amazon S3', 'required', signal, () =>
      probeBucket(clients, config, signal),
    );
    return [staging, clockCheck(clients.clockSkewMs())];
  } finally {
    clients.close();
  }
}

/**
 * Asks EBS direct about a snapshot that does not exist: to be told so proves reachability, credentials and the right to
 * read; the right to write shows only when it is used. Never rejects, unless `signal` is aborted.
 */
export async function checkEbsDirect(config: AwsTargetConfig, signal: AbortSignal): Promise<HealthCheck> {
  const clients = createClients(config, LIMITS);
  try {
    return await check('ebs-direct', 'EBS direct', 'advice', signal, async () => {
      try {
        const input = { SnapshotId: NO_SNAPSHOT };
        await clients.ebs(
          'ebs:ListSnapshotBlocks',
          signal,
          (ebs, http) => ebs.listSnapshotBlocks(input, http),
          SECONDS,
        );
      } catch (error) {
        if (!hasAwsCode(error, /^ResourceNotFoundException$/)) throw error;
      }
      return `EBS direct answers in ${config.region} and takes the access key.`;
    });
  } finally {
    clients.close();
  }
}

async function probeBucket(clients: AwsClients, config: AwsTargetConfig, signal: AbortSignal): Promise<string> {
  const place = stagingPlace(config);
  const bucket = { Bucket: place.bucket, ...place.owner };
  const where = await clients.s3(
    's3:GetBucketLocation',
    signal,
    (s3, http) => s3.getBucketLocation(bucket, http),
    SECONDS,
  );
  const region = locationRegion(where.LocationConstraint);
  if (region !== config.region) {
    throw new Error(
      `The bucket ${place.bucket} is in ${region}, the AWS target in ${config.region}; ImportSnapshot needs both in one Region.`,
    );
  }
  const prefix = config.prefix ?? STAGING_PREFIX;
  let last = probed.get(config);
  if (last && performance.now() - last.at < WHOLE_PROBE_MS) {
    probed.delete(config);
    await probeUpload(clients, place, prefix, signal);
  } else {
    probed.delete(config);
    last = { ...(await probeStaging(clients, place, prefix, signal)), at: performance.now() };
  }
  probed.set(config, last);
  const kept = last.keepsDeleted
    ? ' The bucket keeps versions (Object Lock or versioning): what a run deletes stays, and costs, until its retention or a lifecycle rule for noncurrent versions lets it go.'
    : '';
  return `${place.bucket} in ${region}: objects under ${prefix} were written, read and deleted.${kept}`;
}

/** GetBucketLocation's answer as a Region: it knows two by other names. */
function locationRegion(constraint: string | undefined): string {
  if (!constraint) return 'us-east-1';
  return constraint === 'EU' ? 'eu-west-1' : constraint;
}

/** The clock, judged by how far AWS's is ahead of ours. */
function clockCheck(skewMs: number | null): HealthCheck {
  const base = { id: 'aws-clock', label: "Clock against AWS's" };
  if (skewMs === null) {
    return { ...base, ok: false, detail: 'AWS has not answered, so the clock could not be compared.', level: 'advice' };
  }
  const off = Math.abs(skewMs);
  const seconds = Math.round(off / 1000);
  if (off < SKEW_NOTICED_MS) return { ...base, ok: true, detail: 'The clock agrees with AWS.', level: 'required' };
  const detail = `The clock of this machine is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'} AWS. Run an NTP client; AWS refuses requests that are some minutes off.`;
  return { ...base, ok: false, detail, level: off >= SKEW_REFUSED_MS ? 'required' : 'advice' };
}

async function check(
  id: string,
  label: string,
  level: HealthCheck['level'],
  signal: AbortSignal,
  probe: () => Promise<string>,
): Promise<HealthCheck> {
  try {
    return { id, label, ok: true, detail: await probe(), level };
  } catch (error) {
    signal.throwIfAborted();
    const { code, message, remedy, cause } = toFault(error);
    const detail = code === 'internal' && error instanceof Error ? error.message : `${message} ${remedy}`;
    return { id, label, ok: false, detail: cause && code !== 'internal' ? `${detail} (${cause})` : detail, level };
  }
}
