'use client';
// The limits of a connector, for administrators. Keeps the values it was opened with until it is saved or cancelled.
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { NumberField } from '../../../_forms/number-field.tsx';
import { TimeZoneField } from '../../../_forms/time-zone-field.tsx';
import { ownZone } from '../../../_forms/zoned-time.ts';
import { shownFault } from '../../../_shell/faults.ts';
import { useMember } from '../../../_shell/member.tsx';
import { useMutation, useOneAtATime } from '../../../_shell/mutation.ts';
import { useNotifications } from '../../../_shell/notifications.tsx';
import { useTRPC } from '../../../_shell/trpc.ts';
import { UnsavedEditForm } from '../../../_shell/unsaved-edit-form.tsx';
import { ChangedMeanwhile } from '../../../_ui/editable-card.tsx';
import { type LimitsDraft, limitsDraftOf, limitsOf, sameLimits } from '../limits-draft.ts';
import type { Connector } from '../types.ts';
import { HoursEditor } from './hours-editor.tsx';

export function LimitsForm({ connector, onDone }: { connector: Connector; onDone: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifications();
  const zone = (useMember().preferences.timeZone as string | undefined) ?? ownZone();
  const [opened] = useState(() => limitsDraftOf(connector, zone));
  const [draft, setDraft] = useState(opened);
  const [tried, setTried] = useState(false);
  const save = useMutation(trpc.connectors.edit.mutationOptions({ meta: { inline: true, repeatable: true } }));
  const { problems } = limitsOf(draft);
  const shown = tried ? problems : undefined;
  const change = (part: Partial<LimitsDraft>) => setDraft((before) => ({ ...before, ...part }));

  const [send] = useOneAtATime(async () => {
    setTried(true);
    const { limits } = limitsOf(draft);
    if (!limits) return;
    try {
      await save.mutateAsync({ connectorId: connector.id, ...limits });
    } catch {
      return; // The fault is shown above the buttons.
    }
    await queryClient.invalidateQueries({ queryKey: trpc.connectors.get.queryKey({ connectorId: connector.id }) });
    notify({
      type: 'success',
      header: `Limits of connector ${connector.name} saved`,
      content: 'Runs under way continue; the new limit applies to them within a minute.',
    });
    onDone();
  });

  return (
    <UnsavedEditForm
      label="Limits"
      changed={!sameLimits(draft, opened)}
      saving={save.isPending}
      fault={save.error && shownFault(save.error)}
      onSave={send}
      onCancel={onDone}
    >
      {!sameLimits(limitsDraftOf(connector, zone), opened) && <ChangedMeanwhile what="these limits" />}
      <NumberField
        label="Runs at once"
        constraint="From 1 to 50. More wait in the queue until one has ended."
        problem={shown?.maxRuns}
        value={draft.maxRuns}
        onChange={(maxRuns) => change({ maxRuns })}
      />
      <FormField
        label="Bandwidth limit (MiB/s)"
        constraintText="For all its runs together. Leave it empty for no limit."
        errorText={shown?.limit}
      >
        <div className="max-w-32">
          <Input
            inputMode="decimal"
            placeholder="No limit"
            value={draft.limit}
            onChange={({ detail }) => change({ limit: detail.value })}
          />
        </div>
      </FormField>
      <HoursEditor hours={draft.hours} problems={shown?.hours ?? []} onChange={(hours) => change({ hours })} />
      {draft.hours.length > 0 && (
        <TimeZoneField
          description="Of the hours above."
          value={draft.timeZone}
          problem={shown?.timeZone}
          onChange={(zone) => change({ timeZone: zone ?? draft.timeZone })}
        />
      )}
    </UnsavedEditForm>
  );
}
