/** The newest first. */
export const IMAGES_SORT = { by: 'createdAt', descending: true };
