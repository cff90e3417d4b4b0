'use client';
// A state as words with an icon and a colour: `<Status of="run" state={run.state} detail="Uploading 43 %" />`.
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { ReactNode } from 'react';
import { UNKNOWN } from './quantity.ts';
import { type StatusNoun, statusOf } from './status-kinds.ts';

interface StatusProps {
  of: StatusNoun;
  state: string | null | undefined;
  /** Behind the label: the stage and percent of a run, why something waits. */
  detail?: ReactNode;
  /** False in a cell of a table, where a long detail ends in an ellipsis. */
  wrap?: boolean;
}

export function Status({ of, state, detail, wrap = true }: StatusProps) {
  if (!state) return <>{UNKNOWN}</>;
  const { kind, label } = statusOf(of, state);
  return (
    <StatusIndicator type={kind} wrapText={wrap}>
      {label}
      {detail ? <> · {detail}</> : null}
    </StatusIndicator>
  );
}
