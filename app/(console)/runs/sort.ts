// The order of runs until somebody chooses another one; read by pages on the server too.
export const RUNS_SORT = { by: 'scheduledFor', descending: true };
