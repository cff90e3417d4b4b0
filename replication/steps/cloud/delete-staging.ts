// The staged object goes as soon as its snapshot is complete.
import type { CloudStep } from './step.ts';

export const deleteStaging: CloudStep<'delete-staging'> = async (context) => {
  let deleted = 0;
  for (const artifact of context.artifacts) {
    if (artifact.kind !== 's3-object' || artifact.state === 'released') continue;
    const key = artifact.details.key;
    if (key) await context.target.staging.delete(key, context.signal);
    await context.confirm(artifact, 'released', artifact.externalId);
    deleted += 1;
  }
  return { deleted };
};
