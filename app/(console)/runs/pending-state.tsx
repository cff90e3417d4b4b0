// A run that has not begun, with what it waits for below.
import { StateWithReason } from '../../_ui/status.tsx';

export function PendingState({ waitingFor }: { waitingFor: string | null }) {
  return <StateWithReason of="run" state="pending" reason={waitingFor ?? 'Queued.'} />;
}
