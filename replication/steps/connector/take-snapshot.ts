// The moment whose bytes the run copies. The snapshot's name is the run's, so that a repeated step finds its own.
import { faultError } from '../../model/fault.ts';
import { OWN_SNAPSHOT } from '../../sources/source.ts';
import type { ConnectorStep } from './step.ts';

export function snapshotName(runId: string): string {
  return `${OWN_SNAPSHOT}${runId}`;
}

export const takeSnapshot: ConnectorStep<'take-snapshot'> = async (context) => {
  const { run, source, signal } = context;
  const name = snapshotName(run.id);
  const [artifactId] = await context.declare({
    kind: 'vsphere-snapshot',
    token: `${run.id}-snapshot`,
    diskId: null,
    details: { vmId: run.vmId, name },
  });
  const snapshot = await source.takeSnapshot(
    run.vmId,
    {
      name,
      description: `Landfall replication run ${run.id}; removed by itself when the disks are copied.`,
      quiesce: true,
      trackChanges: true,
    },
    signal,
  );
  context.confirmAtEnd({ artifactId, state: 'created', externalId: snapshot.snapshotId });
  if (snapshot.disks.length === 0)
    throw faultError('disk-unsupported', { message: `${run.serverName} has no disk that a snapshot holds.` });
  if (snapshot.quiesced) context.log('info', 'Snapshot taken with the guest quiesced.');
  else if (snapshot.atRest)
    context.log('info', 'Snapshot taken of the server powered off: there is nothing to quiesce.');
  else
    context.log(
      'warning',
      `Snapshot is crash-consistent: ${(snapshot.notQuiescedBecause ?? 'the guest was not quiesced').replace(/\.$/, '')}.`,
    );
  return {
    snapshotId: snapshot.snapshotId,
    name,
    takenAt: snapshot.takenAt.toISOString(),
    quiesced: snapshot.quiesced,
    atRest: snapshot.atRest,
    notQuiescedBecause: snapshot.notQuiescedBecause,
    disks: snapshot.disks,
  };
};
