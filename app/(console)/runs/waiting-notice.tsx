'use client';
// Why a run stands still, where that is not its own fault.
import Alert from '@cloudscape-design/components/alert';
import type { RunStatus } from './types.ts';

/** Nothing while the run goes on or has ended. */
export function WaitingNotice({ status }: { status: RunStatus }) {
  if (!status.waitingFor || (status.state !== 'pending' && status.state !== 'active')) return null;
  return (
    <Alert type="info" statusIconAriaLabel="Info" header="The run waits">
      {status.waitingFor} It goes on by itself as soon as it can.
    </Alert>
  );
}
