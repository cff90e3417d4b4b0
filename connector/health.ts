// The connector's health, check by check and by name: VM manager, privileges, names, clocks, S3, EBS direct, free disk.
import { statfs } from 'node:fs/promises';
import { describeCause } from '../replication/model/fault.ts';
import type { Source } from '../replication/sources/source.ts';
import { checkEbsDirect, checkStaging } from '../replication/target/aws/checks.ts';
import type { AwsTargetConfig } from '../replication/target/aws/target.ts';
import type { Check } from '../replication/wire/gateway.ts';

/** Logs, descriptors and what a support bundle needs; disks never touch this machine's disk. */
const LEAST_FREE_BYTES = 512 * 1024 * 1024;

/** Every check, also when others fail; each within the signal's time. */
export async function checkHealth(
  source: Source,
  aws: AwsTargetConfig | null,
  dir: string,
  signal: AbortSignal,
): Promise<Check[]> {
  const groups = await Promise.all([
    guarded('vm-manager-login', 'VM manager login', () => source.checkHealth(signal)),
    ...(aws
      ? [
          guarded('s3', 'S3', () => checkStaging(aws, signal)),
          guarded('ebs-direct', 'EBS direct APIs', async () => [await checkEbsDirect(aws, signal)]),
        ]
      : [lentKeys()]),
    guarded('disk', 'Free disk', async () => [await checkFreeDisk(dir)]),
  ]);
  return groups.flat();
}

/** Without a key nothing can be tried at AWS: each run brings one. */
async function lentKeys(): Promise<Check[]> {
  const detail =
    'Lent by the console: this connector has no AWS key of its own, and each run gets one for its own objects and snapshots. The AWS target’s test tries its rights.';
  return [{ id: 's3', label: 'Staging bucket in Amazon S3', ok: true, level: 'required', detail }];
}

async function guarded(id: string, label: string, check: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await check();
  } catch (error) {
    return [{ id, label, ok: false, level: 'required', detail: describeCause(error) }];
  }
}

async function checkFreeDisk(dir: string): Promise<Check> {
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  const gib = (free / 1_073_741_824).toFixed(1);
  return {
    id: 'disk',
    label: 'Free disk',
    ok: free >= LEAST_FREE_BYTES,
    level: 'required',
    detail:
      free >= LEAST_FREE_BYTES
        ? `${gib} GiB free.`
        : `Only ${gib} GiB free on the connector; at least 0.5 GiB is needed.`,
  };
}
