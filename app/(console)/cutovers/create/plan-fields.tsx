'use client';
// The fields of a cutover's plan.
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tiles from '@cloudscape-design/components/tiles';
import { ChoiceField } from '../../../_forms/choice-field.tsx';
import { MAX_DAYS } from '../../../_forms/chosen-time.ts';
import { NumberField } from '../../../_forms/number-field.tsx';
import { StartTime } from '../../../_forms/start-time.tsx';
import type { PlanDraft, PlanProblems } from './plan-draft.ts';

interface PlanFieldsProps {
  draft: PlanDraft;
  problems: PlanProblems;
  onChange: (change: Partial<PlanDraft>) => void;
}

export function SourceFields({ draft, problems, onChange }: PlanFieldsProps) {
  return (
    <SpaceBetween size="l">
      <FormField label="What happens to the server" stretch>
        <Tiles
          value={draft.touchSource ? 'touch' : 'leave'}
          onChange={({ detail }) => onChange({ touchSource: detail.value === 'touch' })}
          items={[
            {
              value: 'touch',
              label: 'Shut the server down',
              description: 'Landfall asks the guest to shut down, and powers it on again if you roll back.',
            },
            {
              value: 'leave',
              label: 'Without touching the source',
              description: 'Your team shuts it down and confirms that here. Landfall never powers it on or off.',
            },
          ]}
        />
      </FormField>
      {draft.touchSource && (
        <NumberField
          label="Minutes to shut down"
          constraint="From 1 to 120. After that you are asked: keep waiting, or power off."
          problem={problems.shutdownMinutes}
          value={draft.shutdownMinutes}
          onChange={(shutdownMinutes) => onChange({ shutdownMinutes })}
        />
      )}
    </SpaceBetween>
  );
}

export function CheckFields({ draft, problems, onChange }: PlanFieldsProps) {
  return (
    <SpaceBetween size="l">
      <NumberField
        label="Minutes to check"
        constraint="From 1 to 240. If not every check has passed by then, you are asked."
        problem={problems.checkMinutes}
        value={draft.checkMinutes}
        onChange={(checkMinutes) => onChange({ checkMinutes })}
      />
      <FormField
        label="Console text"
        description="Optional. The check waits until the console output of the instance says this."
        errorText={problems.consoleText}
        stretch
      >
        <Input
          value={draft.consoleText}
          placeholder="login:"
          spellcheck={false}
          autoComplete={false}
          onChange={({ detail }) => onChange({ consoleText: detail.value })}
        />
      </FormField>
      <div className="flex flex-wrap gap-5">
        <FormField label="TCP port" description="Optional. A connection must succeed." errorText={problems.tcpPort}>
          <div className="max-w-32">
            <Input
              inputMode="numeric"
              value={draft.tcpPort}
              placeholder="443"
              autoComplete={false}
              onChange={({ detail }) => onChange({ tcpPort: detail.value })}
            />
          </div>
        </FormField>
        <FormField
          label="TCP host"
          description="Optional. Left empty: the address of the instance."
          errorText={problems.tcpHost}
        >
          <Input
            value={draft.tcpHost}
            spellcheck={false}
            autoComplete={false}
            onChange={({ detail }) => onChange({ tcpHost: detail.value })}
          />
        </FormField>
      </div>
    </SpaceBetween>
  );
}

export function StartFields({ draft, problems, onChange, zone }: PlanFieldsProps & { zone: string }) {
  return (
    <SpaceBetween size="l">
      <ChoiceField
        label="When it starts"
        value={draft.start}
        choices={[
          { value: 'now', label: 'Start now' },
          {
            value: 'later',
            label: 'At a set time',
            description: `Up to ${MAX_DAYS} days ahead. It then starts by itself; you can start or cancel it earlier.`,
          },
          {
            value: 'by-hand',
            label: 'When I start it',
            description: 'It waits until somebody starts it on its page.',
          },
        ]}
        onChange={(start) => onChange({ start })}
      />
      {draft.start === 'later' && <StartTime {...{ draft, problems, zone, onChange }} what="Start" />}
    </SpaceBetween>
  );
}
