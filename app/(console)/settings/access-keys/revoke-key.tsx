'use client';
// The end of an access key, which is asked for first.
import Button from '@cloudscape-design/components/button';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { shownFault } from '../../../_shell/faults.ts';
import { useMutation } from '../../../_shell/mutation.ts';
import { useNotifications } from '../../../_shell/notifications.tsx';
import { useTRPC } from '../../../_shell/trpc.ts';
import { ConfirmDelete } from '../../../_ui/confirm-delete.tsx';

interface Key {
  id: string;
  name: string;
}

/** Of a row, or of whichever is selected in a table. */
export function RevokeKey({ accessKey, inRow = false }: { accessKey: Key | undefined; inRow?: boolean }) {
  const [asking, setAsking] = useState<Key | null>(null);
  const label = inRow && accessKey ? { ariaLabel: `Revoke the access key ${accessKey.name}` } : {};
  return (
    <>
      <Button
        variant={inRow ? 'inline-link' : 'normal'}
        {...label}
        disabled={!accessKey}
        disabledReason="Select an access key first."
        onClick={() => accessKey && setAsking(accessKey)}
      >
        Revoke
      </Button>
      {asking && <RevokeDialog accessKey={asking} onClose={() => setAsking(null)} />}
    </>
  );
}

function RevokeDialog({ accessKey, onClose }: { accessKey: Key; onClose: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifications();
  const revoke = useMutation(
    trpc.accessKeys.revoke.mutationOptions({
      meta: { inline: true, repeatable: true },
      onSuccess: async () => {
        await queryClient.invalidateQueries({ queryKey: trpc.accessKeys.pathKey() });
        onClose();
        notify({ type: 'success', header: `The access key ${accessKey.name} was revoked` });
      },
    }),
  );
  return (
    <ConfirmDelete
      title={`Revoke the access key ${accessKey.name}?`}
      verb="Revoke"
      removed={[`The access of every program that uses ${accessKey.id}, from its next request on`]}
      kept={['What was done with it, in the activity']}
      busy={revoke.isPending}
      fault={revoke.error && shownFault(revoke.error)}
      onConfirm={() => revoke.mutate({ keyId: accessKey.id })}
      onCancel={onClose}
    />
  );
}
