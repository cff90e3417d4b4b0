/** The newest first. */
export const INSTANCES_SORT = { by: 'launchedAt', descending: true };
