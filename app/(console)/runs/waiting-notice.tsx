'use client';
// Why a run is waiting, where the cause lies elsewhere.
import Alert from '@cloudscape-design/components/alert';
import type { RunStatus } from './types.ts';

/** Renders nothing unless the run is waiting. */
export function WaitingNotice({ status }: { status: RunStatus }) {
  if (!status.waitingFor || (status.state !== 'pending' && status.state !== 'active')) return null;
  return (
    <Alert type="info" statusIconAriaLabel="Info" header="The run is waiting">
      {status.waitingFor} It continues by itself as soon as it can.
    </Alert>
  );
}
