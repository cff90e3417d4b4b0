// The order of cutovers until somebody chooses another one; read by pages on the server too.
export const CUTOVERS_SORT = { by: 'createdAt', descending: true };
