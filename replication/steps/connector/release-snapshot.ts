// The source snapshot goes as soon as the disks are copied: it grows with every write of the guest.
import type { ConnectorStep } from './step.ts';
import { snapshotName } from './take-snapshot.ts';

export const releaseSnapshot: ConnectorStep<'release-snapshot'> = async (context) => {
  const { run, results, artifacts, source, signal } = context;
  const snapshotId = results['take-snapshot']?.snapshotId ?? null;
  await source.releaseSnapshot(run.vmId, { id: snapshotId, name: snapshotName(run.id) }, signal);
  const gone = artifacts.filter(({ kind, state }) => kind === 'vsphere-snapshot' && state !== 'released');
  if (gone.length > 0)
    await context.confirm(
      ...gone.map(({ id, externalId }) => ({ artifactId: id, state: 'released' as const, externalId })),
    );
  context.log('info', 'Source snapshot removed.');
  return {};
};
