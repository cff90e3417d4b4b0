// Waiting for work of one connector without looking at the tables all the time.
import { TASKS_CHANNEL } from '../../events/channels.ts';
import { listen } from '../../events/listen.ts';

export function listenForTasks(connectorId: string) {
  return listen(TASKS_CHANNEL, connectorId);
}
