// Tags on everything that a run makes at AWS, for people and for finding orphans.

export function runTags(
  run: {
    id: string;
    jobId: string;
    workspaceId: string;
    serverName: string;
    tags: Readonly<Record<string, string>>;
  },
  name?: string,
): Record<string, string> {
  return {
    ...run.tags,
    ...(name ? { Name: name } : {}),
    'migration:managed-by': 'landfall',
    'landfall:workspace': run.workspaceId,
    'landfall:job': run.jobId,
    'landfall:run': run.id,
    'landfall:server': run.serverName,
  };
}

/** On a copy of an AMI and on its snapshots: by it they are found where their ids never became known. */
export function copyTags(token: string): Record<string, string> {
  return { 'landfall:copy': token };
}
