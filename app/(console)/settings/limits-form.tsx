'use client';
// The numbers of runs at once, for administrators. Keeps the values it was opened with until it is saved or cancelled.
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { NumberField } from '../../_forms/number-field.tsx';
import { shownFault } from '../../_shell/faults.ts';
import { useMutation, useOneAtATime } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { UnsavedEditForm } from '../../_shell/unsaved-edit-form.tsx';
import { ChangedMeanwhile } from '../../_ui/editable-card.tsx';
import { MAX_RUNS, type RunLimitsDraft, runLimitsDraft, runLimitsOf } from './run-limits.ts';
import type { RunLimits } from './types.ts';

const FIELDS: readonly { field: keyof RunLimits; label: string; constraint: string }[] = [
  { field: 'total', label: 'In total', constraint: `From 1 to ${MAX_RUNS}.` },
  {
    field: 'perTarget',
    label: 'Into one AWS account and Region',
    constraint: `From 1 to ${MAX_RUNS}. AWS allows 100 pending snapshots for each account, and a run makes one for each disk.`,
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
  const save = useMutation(trpc.limits.update.mutationOptions({ meta: { inline: true, repeatable: true } }));
  const { problems = {} } = runLimitsOf(draft);

  const [send] = useOneAtATime(async () => {
    setTried(true);
    const now = runLimitsOf(draft);
    if (!now.limits) return;
    try {
      await save.mutateAsync(now.limits);
    } catch {
      return; // The fault is shown above the buttons.
    }
    await queryClient.invalidateQueries({ queryKey: trpc.limits.get.queryKey() });
    notify({
      type: 'success',
      header: 'Runs at once saved',
      content: 'Runs under way continue; queued ones start as soon as there is room.',
    });
    onDone();
  });

  return (
    <UnsavedEditForm
      label="Runs at once"
      changed={!same(draft, opened)}
      saving={save.isPending}
      fault={save.error && shownFault(save.error)}
      onSave={send}
      onCancel={onDone}
    >
      {!same(runLimitsDraft(limits), opened) && <ChangedMeanwhile what="these numbers" />}
      {FIELDS.map(({ field, label, constraint }) => (
        <NumberField
          key={field}
          label={label}
          constraint={constraint}
          problem={tried ? problems[field] : undefined}
          value={draft[field]}
          onChange={(value) => setDraft({ ...draft, [field]: value })}
        />
      ))}
    </UnsavedEditForm>
  );
}
