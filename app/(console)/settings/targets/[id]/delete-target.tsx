'use client';
// Deletes an AWS target, or says what is still in it.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { shownFault } from '../../../../_shell/faults.ts';
import { useMutation } from '../../../../_shell/mutation.ts';
import { useNotifications } from '../../../../_shell/notifications.tsx';
import { useTRPC } from '../../../../_shell/trpc.ts';
import { ConfirmDelete } from '../../../../_ui/confirm-delete.tsx';
import { whatIsIn } from '../target-words.ts';
import type { Target, TargetUsage } from '../types.ts';

export function DeleteTarget({ target }: { target: Target }) {
  const trpc = useTRPC();
  const { data: usage } = useQuery(trpc.targets.usage.queryOptions({ targetId: target.id }));
  const [asking, setAsking] = useState(false);
  const still = usage && whatIsIn(usage);
  return (
    <>
      <Button ariaLabel="Delete AWS target" disabled={!usage} onClick={() => setAsking(true)}>
        Delete
      </Button>
      {asking && still && <InUse target={target} still={still} onDone={() => setAsking(false)} />}
      {asking && usage && !still && <Ask target={target} usage={usage} onDone={() => setAsking(false)} />}
    </>
  );
}

function InUse({ target, still, onDone }: { target: Target; still: readonly string[]; onDone: () => void }) {
  return (
    <Modal
      visible
      header={`${target.name} is in use`}
      closeAriaLabel="Close"
      onDismiss={onDone}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onDone}>
            Close
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <div>
          It cannot be deleted while this is in it:
          <ul className="m-0 mt-1 list-disc pl-5">
            {still.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </div>
        <div>
          Delete its <Link href="/jobs">replication jobs</Link> and their <Link href="/images">AMIs</Link>, and end its{' '}
          <Link href="/instances">instances</Link>. What is left at AWS is then released by itself.
        </div>
      </SpaceBetween>
    </Modal>
  );
}

function Ask({ target, usage, onDone }: { target: Target; usage: TargetUsage; onDone: () => void }) {
  const trpc = useTRPC();
  const router = useRouter();
  const { notify } = useNotifications();
  const left = () => {
    notify({ type: 'success', header: `AWS target ${target.name} deleted` });
    router.push('/settings');
  };
  const remove = useMutation(
    trpc.targets.delete.mutationOptions({
      meta: { inline: true, once: true, repeatable: true },
      onSuccess: left,
      // Asked for again after an answer that was lost: it is gone.
      onError: (error) => shownFault(error).code === 'not-found' && left(),
    }),
  );
  return (
    <ConfirmDelete
      title={`Delete AWS target ${target.name}?`}
      verb="Delete"
      removed={['The target, from all choices', ...(usage.everUsed ? [] : ['Its settings and how it signs in'])]}
      kept={[
        'The bucket, roles and keys in your account',
        ...(usage.everUsed ? ['Its row, for the history of the jobs and runs that name it'] : []),
      ]}
      busy={remove.isPending || remove.isSuccess}
      fault={remove.error ? shownFault(remove.error) : null}
      onConfirm={() => remove.mutate({ targetId: target.id })}
      onCancel={onDone}
    />
  );
}
