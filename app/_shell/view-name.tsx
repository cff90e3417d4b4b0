'use client';
// Asks for the name of a saved view: a new one, or another one for one that is there.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { fieldMessages, shownFault } from './faults.ts';
import type { ListTable } from './list-tables.ts';
import { useMutation } from './mutation.ts';
import { newRequestId } from './request-id.ts';
import { useTRPC } from './trpc.ts';
import type { ListView } from './view-of-list.ts';

interface ViewNameProps {
  list: ListTable;
  /** What is saved; null where one is renamed. */
  view: ListView | null;
  renamed: { id: string; name: string } | null;
  /** With the id of a view that was made. */
  onDone: (viewId?: string) => void;
}

export function ViewName({ list, view, renamed, onDone }: ViewNameProps) {
  const trpc = useTRPC();
  const [name, setName] = useState(renamed?.name ?? '');
  const [requestId] = useState(newRequestId);
  const inline = { inline: true, repeatable: true };
  const save = useMutation(
    trpc.views.save.mutationOptions({ meta: inline, onSuccess: ({ viewId }) => onDone(viewId) }),
  );
  const rename = useMutation(trpc.views.change.mutationOptions({ meta: inline, onSuccess: () => onDone() }));
  const busy = save.isPending || rename.isPending;
  const error = save.error ?? rename.error;
  const problem = error && (fieldMessages(error).name ?? shownFault(error).message);
  function confirm() {
    if (name.trim() === '') return;
    if (renamed) rename.mutate({ viewId: renamed.id, name });
    else if (view) save.mutate({ requestId, list, name, view });
  }
  return (
    <Modal
      visible
      header={renamed ? `Rename ${renamed.name}` : 'Save as a new view'}
      closeAriaLabel="Close"
      onDismiss={() => !busy && onDone()}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" disabled={busy} onClick={() => onDone()}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy} disabled={name.trim() === ''} onClick={confirm}>
              {renamed ? 'Rename' : 'Save view'}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          confirm();
        }}
      >
        <FormField
          label="Name"
          description={renamed ? '' : 'Keeps the filter, the order, the columns and the page size, for you alone.'}
          errorText={problem}
        >
          <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus />
        </FormField>
      </form>
    </Modal>
  );
}
