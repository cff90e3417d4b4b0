'use client';
// Asks before tests end, one or many; their AMIs stay, so nothing is lost that could not be launched again.
import { shownFault } from '../../_shell/faults.ts';
import { useMutation } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { ConfirmDelete } from '../../_ui/confirm-delete.tsx';
import type { ListedInstance } from './types.ts';

type Test = Pick<ListedInstance, 'id' | 'instanceId' | 'name'>;

export function EndTests({ tests, onDone }: { tests: readonly Test[]; onDone: () => void }) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const many = tests.length === 1 ? '1 test' : `${tests.length} tests`;
  const end = useMutation(
    trpc.instances.endTests.mutationOptions({
      meta: { inline: true, repeatable: true },
      onSuccess({ ended }) {
        notify({ type: 'success', header: `${ended === 1 ? '1 test is' : `${ended} tests are`} being ended` });
        onDone();
      },
    }),
  );
  return (
    <ConfirmDelete
      title={`End ${many}?`}
      verb="End tests"
      removed={tests.map(
        (test) =>
          `The instance ${test.instanceId ?? test.id} of ${test.name}, with what it has changed since its launch`,
      )}
      kept={['The AMIs and their snapshots', 'The source servers']}
      busy={end.isPending}
      fault={end.error ? shownFault(end.error) : null}
      onConfirm={() => end.mutate({ ids: tests.map(({ id }) => id) })}
      onCancel={onDone}
    />
  );
}
