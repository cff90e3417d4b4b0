'use client';
// The steps of a run from top to bottom: which stage, where, how long, how many attempts.
import Box from '@cloudscape-design/components/box';
import type { StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import Steps from '@cloudscape-design/components/steps';
import { statusOf } from '../../../_ui/status-kinds.ts';
import { Elapsed } from '../../../_ui/time.tsx';
import type { Run } from '../types.ts';

type Step = Run['steps'][number];

export function StepTimeLine({ run }: { run: Run }) {
  return (
    <Steps
      ariaLabel="Steps of the run"
      steps={run.steps.map((step) => {
        const { kind, label } = statusOf('step', step.state);
        return {
          status: kind as StatusIndicatorProps.Type,
          statusIconAriaLabel: label,
          header: step.label,
          details: <Details step={step} note={step.state === 'active' ? (run.progress?.note ?? null) : null} />,
        };
      })}
    />
  );
}

function Details({ step, note }: { step: Step; note: string | null }) {
  const where = step.place === 'connector' ? 'connector' : 'worker';
  return (
    <Box variant="small" color="text-body-secondary">
      {step.stage} · {where}
      {step.startedAt && (
        <>
          {' · '}
          <Elapsed since={step.startedAt} until={step.endedAt ?? null} />
        </>
      )}
      {step.attempts > 1 && ` · attempt ${step.attempts}`}
      {note && <div>{note}</div>}
    </Box>
  );
}
