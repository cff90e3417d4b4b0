'use client';
// The numbers of runs at once, for administrators. What stands there when it is opened stays until it is saved or cancelled.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Form from '@cloudscape-design/components/form';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { shownFault } from '../../_shell/faults.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { MAX_RUNS, type RunLimits, type RunLimitsDraft, runLimitsDraft, runLimitsOf } from './run-limits.ts';

const FIELDS: readonly { field: keyof RunLimits; label: string; constraint: string }[] = [
  { field: 'total', label: 'In all', constraint: `From 1 to ${MAX_RUNS}.` },
  {
    field: 'perTarget',
    label: 'Into one AWS target',
    constraint: `From 1 to ${MAX_RUNS}. AWS lets 100 snapshots of an account be pending, and a run makes one for each disk.`,
  },
];

const same = (a: RunLimitsDraft, b: RunLimitsDraft) => a.total === b.total && a.perTarget === b.perTarget;

export function LimitsForm({ limits, onDone }: { limits: RunLimits; onDone: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifications();
  const [opened] = useState(() => runLimitsDraft(limits));
  const [draft, setDraft] = useState(opened);
  const [tried, setTried] = useState(false);
  const save = useMutation(trpc.limits.update.mutationOptions({ meta: { inline: true } }));
  const { problems = {} } = runLimitsOf(draft);

  async function send() {
    setTried(true);
    const now = runLimitsOf(draft);
    if (!now.limits) return;
    try {
      await save.mutateAsync(now.limits);
    } catch {
      return; // It stands above the buttons.
    }
    await queryClient.invalidateQueries({ queryKey: trpc.limits.get.queryKey() });
    notify({
      type: 'success',
      header: 'Runs at once saved',
      content: 'Runs under way go on; those in the queue start as soon as there is room.',
    });
    onDone();
  }

  return (
    <form
      aria-label="Runs at once"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Form
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button formAction="none" variant="link" onClick={onDone}>
              Cancel
            </Button>
            <Button
              variant="primary"
              loading={save.isPending}
              disabled={same(draft, opened)}
              disabledReason="Nothing was changed."
            >
              Save
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          {!same(runLimitsDraft(limits), opened) && (
            <Alert type="warning" statusIconAriaLabel="Warning">
              Somebody else has changed these numbers meanwhile. Saving replaces that.
            </Alert>
          )}
          {FIELDS.map(({ field, label, constraint }) => (
            <FormField key={field} label={label} constraintText={constraint} errorText={tried && problems[field]}>
              <div className="max-w-32">
                <Input
                  type="number"
                  inputMode="numeric"
                  step={1}
                  value={draft[field]}
                  onChange={({ detail }) => setDraft({ ...draft, [field]: detail.value })}
                />
              </div>
            </FormField>
          ))}
          {save.error && <FaultCard fault={shownFault(save.error)} />}
        </SpaceBetween>
      </Form>
    </form>
  );
}
