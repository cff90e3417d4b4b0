// The source snapshot goes as soon as the disks are copied: it grows with every write of the guest.
import type { ConnectorStep } from './step.ts';
import { snapshotName } from './take-snapshot.ts';

export const releaseSnapshot: ConnectorStep<'release-snapshot'> = async (context) => {
  const { run, results, artifacts, source, signal } = context;
  const snapshotId = results['take-snapshot']?.snapshotId ?? null;
  await source.releaseSnapshot(run.vmId, { id: snapshotId, name: snapshotName(run.id) }, signal);
  for (const { id: artifactId, kind, state, externalId } of artifacts) {
    if (kind === 'vsphere-snapshot' && state !== 'released')
      context.confirmAtEnd({ artifactId, state: 'released', externalId });
  }
  context.log('info', 'Source snapshot removed.');
  return {};
};
