'use client';
// Asks before an instance ends: simply for a test, with a typed word for one that was launched for good.
import { shownFault } from '../../_shell/faults.ts';
import { useMutation } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { ConfirmDelete } from '../../_ui/confirm-delete.tsx';
import type { ListedInstance } from './types.ts';

type Terminable = Pick<ListedInstance, 'id' | 'instanceId' | 'name' | 'purpose' | 'imageId' | 'settings'>;

export function TerminateInstance({ instance, onDone }: { instance: Terminable; onDone: () => void }) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const id = instance.instanceId ?? instance.id;
  const terminate = useMutation(
    trpc.instances.terminate.mutationOptions({
      meta: { inline: true, repeatable: true },
      onSuccess() {
        notify({ type: 'success', header: `${id} is being terminated` });
        onDone();
      },
    }),
  );
  const gone = instance.settings.volumes.filter((volume) => volume.deleteOnTermination);
  const stays = instance.settings.volumes.filter((volume) => !volume.deleteOnTermination);
  return (
    <ConfirmDelete
      title={`Terminate ${instance.name} (${id})?`}
      verb="Terminate"
      removed={[
        `The instance ${id}, with what it has changed since its launch`,
        ...(gone.length > 0 ? [`Its ${devices(gone)}`] : []),
      ]}
      kept={[
        ...(stays.length > 0 ? [`Its ${devices(stays)}, which AWS keeps charging for`] : []),
        `The AMI ${instance.imageId} and its snapshots`,
        'The source server',
      ]}
      {...(instance.purpose === 'final' ? { typed: 'terminate' } : {})}
      busy={terminate.isPending}
      fault={terminate.error ? shownFault(terminate.error) : null}
      onConfirm={() => terminate.mutate({ id: instance.id })}
      onCancel={onDone}
    />
  );
}

function devices(volumes: readonly { device: string }[]): string {
  const names = volumes.map(({ device }) => device).join(', ');
  return volumes.length === 1 ? `volume ${names}` : `volumes ${names}`;
}
