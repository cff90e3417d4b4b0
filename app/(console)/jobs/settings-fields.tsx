'use client';
// The fields of a replication job's settings, for the wizard and for editing.
import FormField from '@cloudscape-design/components/form-field';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';
import { NumberField } from '../../_forms/number-field.tsx';
import { VERIFICATION_LABELS } from '../../_forms/setting-labels.ts';
import { StartTime } from '../../_forms/start-time.tsx';
import type { SettingsDraft, SettingsProblems } from './settings-draft.ts';

export interface SettingsFieldsProps {
  draft: SettingsDraft;
  problems: SettingsProblems;
  onChange: (change: Partial<SettingsDraft>) => void;
}

/** How often. */
export function FrequencyFields({ draft, problems, onChange }: SettingsFieldsProps) {
  return (
    <SpaceBetween size="l">
      <FormField label="Replication job type" stretch>
        <RadioGroup
          value={draft.kind}
          onChange={({ detail }) => onChange({ kind: detail.value as SettingsDraft['kind'] })}
          items={[
            {
              value: 'scheduled',
              label: 'Replicate at an interval',
              description: 'Every run yields an AMI of its own, until you delete the job.',
            },
            {
              value: 'once',
              label: 'One-time migration',
              description: 'One run, one AMI. Further runs can be started by hand.',
            },
          ]}
        />
      </FormField>
      {draft.kind === 'scheduled' && (
        <NumberField
          label="Hours between runs"
          constraint="From 1 to 24. The interval counts from the start of the first run."
          problem={problems.everyHours}
          value={draft.everyHours}
          onChange={(everyHours) => onChange({ everyHours })}
        />
      )}
    </SpaceBetween>
  );
}

interface StartFieldsProps extends SettingsFieldsProps {
  /** The member's: what a date and a time mean. */
  zone: string;
  label: string;
  now: { label: string; description: string };
  later: { label: string; description: string };
  /** Above the date and the time: `Start`. */
  what: string;
}

/** When: as it comes, or at a date and a time up to 30 days ahead. */
export function StartFields({ draft, problems, onChange, zone, label, now, later, what }: StartFieldsProps) {
  return (
    <SpaceBetween size="l">
      <FormField label={label} stretch>
        <RadioGroup
          value={draft.start}
          onChange={({ detail }) => onChange({ start: detail.value as SettingsDraft['start'] })}
          items={[
            { value: 'now', ...now },
            { value: 'later', ...later },
          ]}
        />
      </FormField>
      {draft.start === 'later' && <StartTime {...{ draft, problems, zone, onChange, what }} />}
    </SpaceBetween>
  );
}

export function ImageFields({ draft, problems, onChange }: SettingsFieldsProps) {
  return (
    <SpaceBetween size="l">
      <FormField label="Automatic AMI deletion" stretch>
        <RadioGroup
          value={draft.prune ? 'yes' : 'no'}
          onChange={({ detail }) => onChange({ prune: detail.value === 'yes' })}
          items={[
            { value: 'no', label: 'No', description: 'Every AMI is kept until you delete it.' },
            {
              value: 'yes',
              label: 'Yes',
              description:
                'After each run the oldest AMIs beyond the number below go, with their snapshots; pinned ones stay.',
            },
          ]}
        />
      </FormField>
      {draft.prune && (
        <NumberField
          label="AMIs to keep"
          constraint="From 1 to 270, for each server."
          problem={problems.keepImages}
          value={draft.keepImages}
          onChange={(keepImages) => onChange({ keepImages })}
        />
      )}
    </SpaceBetween>
  );
}

export function VerificationField({ draft, onChange }: Omit<SettingsFieldsProps, 'problems'>) {
  return (
    <FormField label="Verification" stretch>
      <RadioGroup
        value={draft.verification}
        onChange={({ detail }) => onChange({ verification: detail.value as SettingsDraft['verification'] })}
        items={[
          { value: 'target', label: VERIFICATION_LABELS.target, description: 'Set once for all jobs, under Settings.' },
          {
            value: 'sampled',
            label: VERIFICATION_LABELS.sampled,
            description: 'Enough to notice a copy that went wrong, in seconds.',
          },
          {
            value: 'full',
            label: VERIFICATION_LABELS.full,
            description: 'Each run reads back all that it made, which takes about as long as sending it.',
          },
        ]}
      />
    </FormField>
  );
}

/** Only for schedules: a single run has no next one to hold back. */
export function FailureFields({ draft, problems, onChange }: SettingsFieldsProps) {
  return (
    <SpaceBetween size="l">
      <FormField label="When runs keep failing" stretch>
        <RadioGroup
          value={draft.pause ? 'pause' : 'never'}
          onChange={({ detail }) => onChange({ pause: detail.value === 'pause' })}
          items={[
            {
              value: 'pause',
              label: 'Pause the job',
              description: 'It says what to do, and goes on with every setting when you resume it.',
            },
            {
              value: 'never',
              label: 'Never pause',
              description: 'Every run is tried, whatever became of the last one.',
            },
          ]}
        />
      </FormField>
      {draft.pause && (
        <NumberField
          label="Pause after failures in a row"
          constraint="From 1 to 20. A completed run counts as a new beginning."
          problem={problems.pauseAfterFailures}
          value={draft.pauseAfterFailures}
          onChange={(pauseAfterFailures) => onChange({ pauseAfterFailures })}
        />
      )}
    </SpaceBetween>
  );
}

export function DescriptionField({ draft, problems, onChange }: SettingsFieldsProps) {
  return (
    <FormField
      label={
        <>
          Description <i>- optional</i>
        </>
      }
      constraintText={`At most 255 characters (${draft.description.trim().length} now).`}
      errorText={problems.description}
      stretch
    >
      <Textarea rows={2} value={draft.description} onChange={({ detail }) => onChange({ description: detail.value })} />
    </FormField>
  );
}
