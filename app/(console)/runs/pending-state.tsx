// A run that has not begun, with what it waits for below, in full: a queue whose reason is cut off explains nothing.
import Box from '@cloudscape-design/components/box';
import { Status } from '../../_ui/status.tsx';

export function PendingState({ waitingFor }: { waitingFor: string | null }) {
  return (
    <div>
      <Status of="run" state="pending" />
      <div className="whitespace-normal">
        <Box variant="small" color="text-body-secondary" display="block">
          {waitingFor ?? 'Queued.'}
        </Box>
      </div>
    </div>
  );
}
