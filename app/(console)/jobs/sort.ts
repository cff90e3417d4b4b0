// The order of tables until somebody chooses another one; read by pages on the server too.
export const JOBS_SORT = { by: 'createdAt', descending: true };
export const SERVERS_SORT = { by: 'name', descending: false };
export const HISTORY_SORT = { by: 'scheduledFor', descending: true };
