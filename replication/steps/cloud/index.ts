// The cloud-side steps by id; a missing one is a type error.
import type { CloudStepId } from '../../model/itinerary.ts';
import { createImage } from './create-image.ts';
import { deleteStaging } from './delete-staging.ts';
import { makeSnapshots } from './make-snapshots.ts';
import { pruneImages } from './prune-images.ts';
import type { CloudStep } from './step.ts';

export const CLOUD_STEP_CODE: { [Id in CloudStepId]: CloudStep<Id> } = {
  'make-snapshots': makeSnapshots,
  'delete-staging': deleteStaging,
  'create-image': createImage,
  'prune-images': pruneImages,
};
