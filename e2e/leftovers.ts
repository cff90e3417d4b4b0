// What a run must not leave behind, read from the lab and never from our own database.
import { expect } from '@playwright/test';
import type { Lab } from './lab.ts';

const DEADLINE_MS = 60_000;

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
    expect(await lab.call('aws/objects')).toEqual([]);
  }, `nothing is left of ${vm}`).toPass({ timeout: DEADLINE_MS });
}
