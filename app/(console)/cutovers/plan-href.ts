// Where a cutover of a job is planned. Pure.
export const planHref = (jobId = ''): string => `/cutovers/create?job=${encodeURIComponent(jobId)}`;
