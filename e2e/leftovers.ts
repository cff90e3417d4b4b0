// What a run must not leave behind, read from the lab and never from our own database.
import { expect } from '@playwright/test';
import type { Lab } from './lab.ts';

const DEADLINE_MS = 60_000;

/** Digest sets stay as long as a job measures from them. */
const DIGESTS = 'landfall-digests/';

/**
 * Waits until nothing is left of a run of this server: no snapshot and no export in vCenter, nothing staged in S3.
 * The bucket belongs to all runs, so no other may be under way.
 */
export async function nothingLeftOf(lab: Lab, vm: string): Promise<void> {
  await expect(async () => {
    const { snapshots, leases } = await lab.vcenterState();
    expect(snapshots.filter((snapshot) => snapshot.vm === vm)).toEqual([]);
    expect(leases.filter((lease) => lease.vm === vm)).toEqual([]);
    expect(await lab.call('aws/uploads')).toEqual([]);
    expect((await objects(lab)).filter((key) => !key.startsWith(DIGESTS))).toEqual([]);
  }, `nothing is left of ${vm}`).toPass({ timeout: DEADLINE_MS });
}

/** Waits until no digest set of a deleted job is left. */
export async function noDigestsOf(lab: Lab, jobId: string): Promise<void> {
  await expect(async () => {
    expect((await objects(lab)).filter((key) => key.startsWith(`${DIGESTS}${jobId}/`))).toEqual([]);
  }, `no digests are left of ${jobId}`).toPass({ timeout: DEADLINE_MS });
}

async function objects(lab: Lab): Promise<string[]> {
  return (await lab.call<{ key: string }[]>('aws/objects')).map(({ key }) => key);
}
