'use client';
// The runbook from top to bottom: each step with its state, how long, who, what it waits for, and its own log.
import Box from '@cloudscape-design/components/box';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import type { StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import Steps from '@cloudscape-design/components/steps';
import { useState } from 'react';
import { formatNumberOf } from '../../../_ui/quantity.ts';
import { statusOf } from '../../../_ui/status-kinds.ts';
import { Elapsed } from '../../../_ui/time.tsx';
import { LogLines } from '../log-lines.tsx';
import { type ShownStep, shownSteps } from '../step-states.ts';
import type { Cutover, LogEntry } from '../types.ts';

export function StepColumn({ cutover }: { cutover: Cutover }) {
  return (
    <Steps
      ariaLabel="Steps of the cutover"
      steps={shownSteps(cutover).map((step) => {
        const { kind, label } = statusOf('cutover-step', step.state);
        return {
          status: kind as StatusIndicatorProps.Type,
          statusIconAriaLabel: label,
          header: step.current ? <b>{step.label}</b> : step.label,
          details: (
            <Details
              step={step}
              state={label}
              waitingFor={step.current ? cutover.waitingFor : null}
              lines={cutover.log.filter((line) => line.step === step.id)}
            />
          ),
        };
      })}
    />
  );
}

interface DetailsProps {
  step: ShownStep;
  state: string;
  waitingFor: string | null;
  lines: readonly LogEntry[];
}

function Details({ step, state, waitingFor, lines }: DetailsProps) {
  const { record } = step;
  return (
    <div className="min-w-0 pb-2">
      <Box variant="small" color="text-body-secondary">
        {state}
        {record && (
          <>
            {' · '}
            <Elapsed since={record.startedAt} until={record.endedAt ?? null} />
          </>
        )}
        {record?.by && ` · ${record.by}`}
      </Box>
      {(step.current || step.state === 'to-come') && <div>{step.what}</div>}
      {waitingFor && <Box variant="strong">{waitingFor}</Box>}
      {lines.length > 0 && <StepLog step={step} lines={lines} />}
    </div>
  );
}

/** Open while the step is the current one, unless a person has said otherwise. */
function StepLog({ step, lines }: { step: ShownStep; lines: readonly LogEntry[] }) {
  const [chosen, setChosen] = useState<boolean | null>(null);
  return (
    <ExpandableSection
      variant="footer"
      headerText={formatNumberOf(lines.length, 'log line')}
      headerAriaLabel={`${formatNumberOf(lines.length, 'log line')}: ${step.label}`}
      expanded={chosen ?? step.current}
      onChange={({ detail }) => setChosen(detail.expanded)}
    >
      <LogLines lines={lines} label={`Log: ${step.label}`} />
    </ExpandableSection>
  );
}
