'use client';
// Step 3: the settings that all jobs of this wizard share.
import Container from '@cloudscape-design/components/container';
import DatePicker from '@cloudscape-design/components/date-picker';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';
import TimeInput from '@cloudscape-design/components/time-input';
import { type Draft, MAX_DAYS, type Problems } from './draft.ts';
import { wallClock } from './zoned-time.ts';

interface JobSettingsStepProps {
  draft: Draft;
  problems: Problems;
  zone: string;
  onChange: (change: Partial<Draft>) => void;
}

const DAY_MS = 86_400_000;

export function JobSettingsStep({ draft, problems, zone, onChange }: JobSettingsStepProps) {
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Schedule</Header>}>
        <SpaceBetween size="l">
          <FormField label="Replication job type" stretch>
            <RadioGroup
              value={draft.kind}
              onChange={({ detail }) => onChange({ kind: detail.value as Draft['kind'] })}
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
            <FormField
              label="Hours between runs"
              constraintText="From 1 to 24. The interval counts from the start of the first run."
              errorText={problems.everyHours}
            >
              <div className="max-w-32">
                <Input
                  type="number"
                  inputMode="numeric"
                  step={1}
                  value={draft.everyHours}
                  onChange={({ detail }) => onChange({ everyHours: detail.value })}
                />
              </div>
            </FormField>
          )}
          <FormField label="Start replication run" stretch>
            <RadioGroup
              value={draft.start}
              onChange={({ detail }) => onChange({ start: detail.value as Draft['start'] })}
              items={[
                {
                  value: 'now',
                  label: 'Immediately',
                  description: 'The first run starts as soon as you create the job.',
                },
                {
                  value: 'later',
                  label: 'At a later date and time',
                  description: `Up to ${MAX_DAYS} days ahead, such as a night in which the network is free.`,
                },
              ]}
            />
          </FormField>
          {draft.start === 'later' && <StartTime {...{ draft, problems, zone, onChange }} />}
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">AMIs</Header>}>
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
                  description: 'After each run the oldest AMIs beyond the number below go, with their snapshots.',
                },
              ]}
            />
          </FormField>
          {draft.prune && (
            <FormField
              label="AMIs to keep"
              constraintText="From 1 to 270, for each server."
              errorText={problems.keepImages}
            >
              <div className="max-w-32">
                <Input
                  type="number"
                  inputMode="numeric"
                  step={1}
                  value={draft.keepImages}
                  onChange={({ detail }) => onChange({ keepImages: detail.value })}
                />
              </div>
            </FormField>
          )}
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">Description</Header>}>
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
          <Textarea
            rows={2}
            value={draft.description}
            onChange={({ detail }) => onChange({ description: detail.value })}
          />
        </FormField>
      </Container>
    </SpaceBetween>
  );
}

function StartTime({ draft, problems, zone, onChange }: JobSettingsStepProps) {
  const today = wallClock(zone, new Date()).date;
  const last = wallClock(zone, new Date(Date.now() + MAX_DAYS * DAY_MS)).date;
  return (
    <div className="flex flex-wrap gap-5">
      <FormField label="Start date" constraintText="YYYY/MM/DD" errorText={problems.date}>
        <DatePicker
          value={draft.date}
          placeholder="YYYY/MM/DD"
          openCalendarAriaLabel={(chosen) => (chosen ? `Open calendar, ${chosen} is chosen` : 'Open calendar')}
          isDateEnabled={(day) => {
            // The calendar's days are those of the browser's zone, written without one.
            const text = `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
            return text >= today && text <= last;
          }}
          onChange={({ detail }) => onChange({ date: detail.value })}
        />
      </FormField>
      <FormField label="Start time" constraintText={`24-hour clock, ${zone}`} errorText={problems.time}>
        <TimeInput
          format="hh:mm"
          placeholder="hh:mm"
          value={draft.time}
          onChange={({ detail }) => onChange({ time: detail.value })}
        />
      </FormField>
    </div>
  );
}

const two = (number: number) => String(number).padStart(2, '0');
