// The state of snapshots, and the wait for one: the SDK's waiter takes a snapshot that is not yet known for lost.
import type { Snapshot } from '@aws-sdk/client-ec2';
import { pause } from '../../../disks/pause.ts';
import { faultError } from '../../../model/fault.ts';
import type { AwsClients } from '../clients.ts';
import { batches, fromTags } from '../ec2-names.ts';
import type { SnapshotInfo } from './port.ts';

/** Values of one filter in one call. */
const BATCH = 200;

export interface WaitTimes {
  /** Between two questions. */
  everyMs: number;
  /** How long AWS may not know a snapshot that it has just made. */
  notFoundMs: number;
  deadlineMs: number;
}

export async function describeSnapshots(
  clients: AwsClients,
  snapshotIds: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, SnapshotInfo>> {
  const found = new Map<string, SnapshotInfo>();
  for (const Values of batches([...new Set(snapshotIds)], BATCH)) {
    for (let token: string | undefined, first = true; first || token; first = false) {
      // By filter and not by id: one unknown id would refuse the whole question.
      const page = await clients.ec2('ec2:DescribeSnapshots', signal, (ec2, http) =>
        ec2.describeSnapshots(
          { Filters: [{ Name: 'snapshot-id', Values }], MaxResults: 1000, ...(token && { NextToken: token }) },
          http,
        ),
      );
      for (const snapshot of page.Snapshots ?? []) {
        if (snapshot.SnapshotId) found.set(snapshot.SnapshotId, toInfo(snapshot.SnapshotId, snapshot));
      }
      token = page.NextToken;
    }
  }
  return found;
}

export async function waitCompleted(
  clients: AwsClients,
  snapshotId: string,
  signal: AbortSignal,
  times: WaitTimes,
): Promise<SnapshotInfo> {
  const start = performance.now();
  for (;;) {
    const info = (await describeSnapshots(clients, [snapshotId], signal)).get(snapshotId);
    if (info?.state === 'completed') return info;
    if (info?.state === 'error') {
      const message = `The EBS snapshot ${snapshotId} failed at AWS.`;
      throw faultError('ebs-snapshot-failed', { message, cause: info.message || 'AWS says nothing more.' });
    }
    const waited = performance.now() - start;
    if (!info && waited > times.notFoundMs) {
      throw faultError('ebs-snapshot-failed', { message: `AWS does not know the EBS snapshot ${snapshotId}.` });
    }
    if (waited > times.deadlineMs) {
      const minutes = Math.round(times.deadlineMs / 60_000);
      const message = `The EBS snapshot ${snapshotId} was not completed within ${minutes} minutes.`;
      throw faultError('ebs-snapshot-failed', { message });
    }
    // A small delta is complete within moments, a large snapshot after minutes: the longer it took, the rarer the look.
    await pause(Math.min(times.everyMs, Math.max(100, waited / 4)), signal);
  }
}

function toInfo(snapshotId: string, snapshot: Snapshot): SnapshotInfo {
  const { State } = snapshot;
  const percent = Number.parseInt(snapshot.Progress ?? '', 10);
  return {
    snapshotId,
    state: State === 'pending' || State === 'completed' || State === 'error' ? State : 'other',
    percent: Number.isNaN(percent) ? null : percent,
    message: snapshot.StateMessage ?? '',
    volumeGiB: snapshot.VolumeSize ?? 0,
    encrypted: snapshot.Encrypted ?? false,
    kmsKeyArn: snapshot.KmsKeyId ?? null,
    tags: fromTags(snapshot.Tags),
  };
}
