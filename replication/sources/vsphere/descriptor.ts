// The OVF descriptor of a machine, as vCenter's OvfManager writes it.
import { stopped } from './faults.ts';
import type { VimSession } from './session.ts';
import { element, type ManagedObject, reference } from './xml/markup.ts';
import { text } from './xml/xml-node.ts';

export interface DescribedFile {
  /** The key of an export's file: `/vm-42/ParaVirtualSCSIController0:1`. */
  deviceId: string;
  /** Bytes of the file, 0 when unknown. */
  fileSize: number;
  capacityBytes: number;
}

/** The descriptor's text, or null: a replica does without it. Fails only when the signal is aborted. */
export async function describeMachine(
  session: VimSession,
  vm: ManagedObject,
  files: readonly DescribedFile[],
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const { ovfManager } = await session.content(signal);
    if (!ovfManager) return null;
    const described = files.map(({ deviceId, fileSize, capacityBytes }, index) =>
      element('ovfFiles', [
        element('deviceId', deviceId),
        element('path', `disk-${index}.vmdk`),
        element('size', fileSize),
        element('capacity', capacityBytes),
      ]),
    );
    const parameters = [reference('obj', vm), element('cdp', described)];
    const answer = await session.call(ovfManager, 'CreateDescriptor', parameters, { signal });
    return text(answer, 'returnval', 'ovfDescriptor') || null;
  } catch {
    if (signal.aborted) throw stopped(signal);
    return null;
  }
}
