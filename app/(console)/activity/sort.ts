/** The newest first. */
export const ACTIVITY_SORT = { by: 'at', descending: true };
