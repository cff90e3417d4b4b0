// Names of the NOTIFY channels. A notification is only ever a hint that a row is there to be read.
export const EVENTS_CHANNEL = 'landfall_events';
/** Payload: the connector's id, or `cloud`. */
export const TASKS_CHANNEL = 'landfall_tasks';
