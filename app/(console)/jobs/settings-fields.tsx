'use client';
// The fields of a replication job's settings, for the wizard and for editing.
import FormField from '@cloudscape-design/components/form-field';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';
import { ChoiceField } from '../../_forms/choice-field.tsx';
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
      <ChoiceField
        label="Replication job type"
        value={draft.kind}
        choices={[
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
        onChange={(kind) => onChange({ kind })}
      />
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
      <ChoiceField
        label={label}
        value={draft.start}
        choices={[
          { value: 'now', ...now },
          { value: 'later', ...later },
        ]}
        onChange={(start) => onChange({ start })}
      />
      {draft.start === 'later' && <StartTime {...{ draft, problems, zone, onChange, what }} />}
    </SpaceBetween>
  );
}

export function ImageFields({ draft, problems, onChange }: SettingsFieldsProps) {
  return (
    <SpaceBetween size="l">
      <ChoiceField
        label="Automatic AMI deletion"
        value={draft.prune ? 'yes' : 'no'}
        choices={[
          { value: 'no', label: 'No', description: 'Every AMI is kept until you delete it.' },
          {
            value: 'yes',
            label: 'Yes',
            description:
              'After each run the oldest AMIs beyond the number below are deleted with their snapshots; pinned ones stay.',
          },
        ]}
        onChange={(choice) => onChange({ prune: choice === 'yes' })}
      />
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
    <ChoiceField
      label="Verification"
      value={draft.verification}
      choices={[
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
      onChange={(verification) => onChange({ verification })}
    />
  );
}

/** Only for schedules: a single run has no next one to hold back. */
export function FailureFields({ draft, problems, onChange }: SettingsFieldsProps) {
  return (
    <SpaceBetween size="l">
      <ChoiceField
        label="When runs keep failing"
        value={draft.pause ? 'pause' : 'never'}
        choices={[
          {
            value: 'pause',
            label: 'Pause the job',
            description: 'It says what to do, and keeps every setting until you resume it.',
          },
          {
            value: 'never',
            label: 'Never pause',
            description: 'Every run is tried, however the last one ended.',
          },
        ]}
        onChange={(choice) => onChange({ pause: choice === 'pause' })}
      />
      {draft.pause && (
        <NumberField
          label="Pause after failures in a row"
          constraint="From 1 to 20. A completed run resets the count."
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
