'use client';
// A state as words with an icon and a colour: `<Status of="run" state={run.state} detail="Uploading 43 %" />`.
import Box from '@cloudscape-design/components/box';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { ReactNode } from 'react';
import { UNKNOWN } from './quantity.ts';
import { type StatusNoun, statusOf } from './status-kinds.ts';

interface StatusProps {
  of: StatusNoun;
  state: string | null | undefined;
  /** Behind the label: the stage and percent of a run, why something waits. */
  detail?: ReactNode;
}

export function Status({ of, state, detail }: StatusProps) {
  if (!state) return <>{UNKNOWN}</>;
  const { kind, label } = statusOf(of, state);
  return (
    <StatusIndicator type={kind}>
      <span className="break-normal wrap-anywhere">
        {label}
        {detail ? <> · {detail}</> : null}
      </span>
    </StatusIndicator>
  );
}

interface StateWithReasonProps extends Omit<StatusProps, 'detail'> {
  reason: ReactNode;
}

/** For cells of tables: the state, and below it in full why it is so. */
export function StateWithReason({ of, state, reason }: StateWithReasonProps) {
  if (!state) return <>{UNKNOWN}</>;
  return (
    <div>
      <Status of={of} state={state} />
      {reason ? <Reason>{reason}</Reason> : null}
    </div>
  );
}

/** The second line of a cell. It wraps also where the member has set lines not to: a reason cut off explains nothing. */
export function Reason({ children }: { children: ReactNode }) {
  return (
    <div className="whitespace-normal wrap-anywhere">
      <Box variant="small" color="text-body-secondary" display="block">
        {children}
      </Box>
    </div>
  );
}
