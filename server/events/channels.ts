// Names of the NOTIFY channels. A notification is only ever a hint that a row is there to be read.
/** Payload: the workspace's id. Notified by the database itself (db/migrations/0004_events_in_order.sql). */
export const EVENTS_CHANNEL = 'landfall_events';
/** Payload: the connector's id, or `cloud`. */
export const TASKS_CHANNEL = 'landfall_tasks';
