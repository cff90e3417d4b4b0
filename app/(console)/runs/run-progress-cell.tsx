'use client';
// Where the newest run of a job is, in one table cell.
import Box from '@cloudscape-design/components/box';
import StatusIndicator from '@cloudscape-design/components/status-indicator';

import { formatDuration, UNKNOWN } from '../../_ui/quantity.ts';
import { StageBar } from '../../_ui/stage-bar.tsx';
import { StateWithReason, Status } from '../../_ui/status.tsx';
import type { RunStatus } from './types.ts';

export function RunProgressCell({ run }: { run: { id: string; status: RunStatus } | null }) {
  if (!run) return <>{UNKNOWN}</>;
  const { status } = run;
  if (status.cancelling) return <StatusIndicator type="in-progress">Cancelling</StatusIndicator>;
  if (status.state === 'active') {
    const left = status.secondsLeft;
    return (
      <div className="flex flex-wrap items-center gap-x-2">
        <div className="shrink-0">
          <StageBar key={run.id} runId={run.id} state="active" percent={status.percent} stage={status.stage} compact />
        </div>
        {left !== null && (
          <div className="whitespace-nowrap">
            <Box variant="small">{formatDuration(left * 1000)} left</Box>
          </div>
        )}
      </div>
    );
  }
  if (status.state === 'pending') return <PendingState waitingFor={status.waitingFor} />;
  if (status.state === 'failed') return <Status of="run" state="failed" detail={`in ${status.stage}`} />;
  return <Status of="run" state={status.state} />;
}

/** A run that has not begun, with what it waits for below. */
export function PendingState({ waitingFor }: { waitingFor: string | null }) {
  return <StateWithReason of="run" state="pending" reason={waitingFor ?? 'Queued.'} />;
}
