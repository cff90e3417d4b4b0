'use client';
// The form of a job's settings. Keeps the values it was opened with until it is saved or left.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Form from '@cloudscape-design/components/form';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useRouter } from 'next/navigation';
import { useRef, useState } from 'react';
import { allowedLicenses, type ImageMethod, type License } from '../../../../../replication/model/job.ts';
import { MAX_DAYS } from '../../../../_forms/chosen-time.ts';
import {
  IMAGE_METHOD_LABELS,
  IMAGE_METHOD_MEANING,
  LICENSE_LABELS,
  licenseMeaning,
} from '../../../../_forms/setting-labels.ts';
import { ownZone } from '../../../../_forms/zoned-time.ts';
import { shownFault } from '../../../../_shell/faults.ts';
import { useUnsavedGuard } from '../../../../_shell/leave-guard.tsx';
import { useMember } from '../../../../_shell/member.tsx';
import { useMutation, useOneAtATime } from '../../../../_shell/mutation.ts';
import { useNotifications } from '../../../../_shell/notifications.tsx';
import { useTRPC } from '../../../../_shell/trpc.ts';
import { FaultCard } from '../../../../_ui/fault-card.tsx';
import { focusFirstProblem } from '../../../../_ui/first-problem.ts';
import { isWindows } from '../../create/draft.ts';
import { openRunOf } from '../../job-rules.ts';
import { settingsOf } from '../../settings-draft.ts';
import {
  DescriptionField,
  FailureFields,
  FrequencyFields,
  ImageFields,
  StartFields,
  VerificationField,
} from '../../settings-fields.tsx';
import type { FullJob } from '../../types.ts';
import { asScheduled, differ, type EditDraft, editDraftOf } from './edit-draft.ts';

export function EditJobForm({ job }: { job: FullJob }) {
  const router = useRouter();
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const zone = (useMember().preferences.timeZone as string | undefined) ?? ownZone();
  const [opened] = useState(() => editDraftOf(job));
  const [draft, setDraft] = useState(opened);
  // Problems are shown from the first attempt to save: a message that appears on blur would move the button being clicked.
  const [tried, setTried] = useState(false);
  const [saved, setSaved] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const changed = differ(draft, opened);
  const save = useMutation(trpc.jobs.edit.mutationOptions({ meta: { inline: true, once: true, repeatable: true } }));
  const guard = useUnsavedGuard(changed && !saved);

  const { settings, problems = {} } = settingsOf(draft, zone, new Date());
  const fields = {
    draft,
    problems: tried ? problems : {},
    onChange: (change: Partial<EditDraft>) => setDraft((before) => ({ ...before, ...change })),
  };
  const everyHours = settings ? settings.everyHours : draft.kind === 'once' ? null : undefined;

  const [send] = useOneAtATime(async () => {
    if (saved) return;
    setTried(true);
    const now = settingsOf(draft, zone, new Date());
    if (!now.settings) return focusFirstProblem(form.current);
    const { seedAt, ...rest } = now.settings;
    try {
      await save.mutateAsync({
        jobId: job.id,
        settings: {
          ...rest,
          license: draft.license,
          imageMethod: draft.imageMethod,
          ...(seedAt ? { nextRunAt: seedAt } : {}),
        },
      });
    } catch {
      return; // The fault is shown above the buttons.
    }
    setSaved(true);
    notify({
      type: 'success',
      header: `Replication job ${job.serverName} saved`,
      content: openRunOf(job)
        ? 'It applies from the next run on; the run under way continues unchanged.'
        : 'It applies from the next run on.',
    });
    router.push(`/jobs/${job.id}`);
  });

  return (
    <>
      {guard.dialog}
      <form
        ref={form}
        aria-label="Replication job settings"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Form
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button formAction="none" variant="link" onClick={() => guard.leave(`/jobs/${job.id}`)}>
                Cancel
              </Button>
              <Button
                variant="primary"
                loading={save.isPending || saved}
                disabled={!changed}
                disabledReason="Nothing was changed."
              >
                Save
              </Button>
            </SpaceBetween>
          }
        >
          <SpaceBetween size="l">
            {openRunOf(job) && (
              <Alert type="info" statusIconAriaLabel="Info">
                A run is under way. It continues with the settings it started with.
              </Alert>
            )}
            {differ(editDraftOf(job), opened) && !saved && (
              <Alert type="warning" statusIconAriaLabel="Warning">
                Somebody else has changed this job in the meantime. Saving overwrites that.
              </Alert>
            )}
            <Container header={<Header variant="h2">Schedule</Header>}>
              <SpaceBetween size="l">
                <FrequencyFields {...fields} />
                <StartFields
                  {...fields}
                  zone={zone}
                  label="Next run"
                  what="Next run"
                  now={{ label: 'On schedule', description: asScheduled(job, everyHours, zone) }}
                  later={{
                    label: 'At a date and time',
                    description: `Up to ${MAX_DAYS} days ahead. The interval counts from that time.`,
                  }}
                />
              </SpaceBetween>
            </Container>
            <Container header={<Header variant="h2">AMIs</Header>}>
              <SpaceBetween size="l">
                <LicenseField job={job} draft={draft} onChange={fields.onChange} />
                {!isWindows(job.guestFamily) && <MethodField draft={draft} onChange={fields.onChange} />}
                <ImageFields {...fields} />
                <VerificationField {...fields} />
              </SpaceBetween>
            </Container>
            {draft.kind === 'scheduled' && (
              <Container header={<Header variant="h2">Failures</Header>}>
                <FailureFields {...fields} />
              </Container>
            )}
            <Container header={<Header variant="h2">Description</Header>}>
              <DescriptionField {...fields} />
            </Container>
            {save.error && <FaultCard fault={shownFault(save.error)} />}
          </SpaceBetween>
        </Form>
      </form>
    </>
  );
}

function LicenseField(props: { job: FullJob; draft: EditDraft; onChange: (change: { license: License }) => void }) {
  const { guestFamily } = props.job;
  const options = allowedLicenses(guestFamily).map((value) => ({
    value,
    label: LICENSE_LABELS[value],
    description: licenseMeaning(value, guestFamily),
  }));
  return (
    <FormField label="Licence" description={licenseMeaning(props.draft.license, guestFamily)}>
      <Select
        selectedOption={options.find(({ value }) => value === props.draft.license) ?? null}
        options={options}
        onChange={({ detail }) => props.onChange({ license: detail.selectedOption.value as License })}
      />
    </FormField>
  );
}

const METHODS = (['auto', 'register-image', 'import-image'] as const).map((value) => ({
  value,
  label: IMAGE_METHOD_LABELS[value],
  description: IMAGE_METHOD_MEANING[value],
}));

/** Windows always takes VM Import, so it has no such field. */
function MethodField(props: { draft: EditDraft; onChange: (change: { imageMethod: ImageMethod }) => void }) {
  return (
    <FormField label="Image method" description={IMAGE_METHOD_MEANING[props.draft.imageMethod]}>
      <Select
        selectedOption={METHODS.find(({ value }) => value === props.draft.imageMethod) ?? null}
        options={METHODS}
        onChange={({ detail }) => props.onChange({ imageMethod: detail.selectedOption.value as ImageMethod })}
      />
    </FormField>
  );
}
