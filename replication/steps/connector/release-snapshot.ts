// The source snapshot goes as soon as the disks are copied: it grows with every write of the guest. Where it cannot be removed
// just now the run goes on all the same, for the disks are copied; the ledger has it removed from then on, again and again.
import { withoutPatience } from '../../disks/outlast.ts';
import { retrying } from '../../disks/with-retry.ts';
import { toFault } from '../../model/fault.ts';
import type { ConnectorStep } from './step.ts';
import { snapshotName } from './take-snapshot.ts';

export const releaseSnapshot: ConnectorStep<'release-snapshot'> = async (context) => {
  const { run, results, artifacts, source, signal } = context;
  const snapshotId = results['take-snapshot']?.snapshotId ?? null;
  try {
    const remove = () => source.releaseSnapshot(run.vmId, { id: snapshotId, name: snapshotName(run.id) }, signal);
    await withoutPatience(() => retrying(remove, { attempts: 3, firstMs: 1_000, longestMs: 2_000 }, signal));
  } catch (error) {
    signal.throwIfAborted();
    const { message, cause } = toFault(error);
    const why = cause ? `${message} (${cause})` : message;
    context.log('warning', `The source snapshot could not be removed yet; that goes on beside the run. ${why}`);
    return {};
  }
  for (const { id: artifactId, kind, state, externalId } of artifacts) {
    if (kind === 'vsphere-snapshot' && state !== 'released')
      context.confirmAtEnd({ artifactId, state: 'released', externalId });
  }
  context.log('info', 'Source snapshot removed.');
  return {};
};
