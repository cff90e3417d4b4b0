// Releasing what a run that ended left at the source. A thing that is gone, or was never made, is released.
import type { Artifact } from '../../model/artifact.ts';
import type { Source } from '../../sources/source.ts';

/** Ends an export; one whose id never became known is found by its server. */
export async function releaseExportOf(artifact: Artifact, source: Source, signal: AbortSignal): Promise<void> {
  const { externalId, details } = artifact;
  if (externalId) await source.releaseExport(externalId, signal);
  else if (details.vmId) await source.releaseExportsOf(details.vmId, signal);
}

/** Releases one artifact; throws a FaultError when it must be tried again. */
export async function releaseAtSource(artifact: Artifact, source: Source, signal: AbortSignal): Promise<void> {
  const { kind, externalId, details } = artifact;
  if (kind === 'nfc-lease') await releaseExportOf(artifact, source, signal);
  if (kind === 'vsphere-snapshot' && details.vmId && details.name) {
    await source.releaseSnapshot(details.vmId, { id: externalId, name: details.name }, signal);
  }
}
