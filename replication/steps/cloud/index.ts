// The cloud-side steps by id; a missing one is a type error.
import type { CloudStepId } from '../../model/itinerary.ts';
import { createImage } from './create-image.ts';
import { deleteStaging } from './delete-staging.ts';
import { makeSnapshots } from './make-snapshots.ts';
import { pruneImages } from './prune-images.ts';
import { startSnapshots } from './start-snapshots.ts';
import type { CloudStep } from './step.ts';
import { verify } from './verify.ts';

export const CLOUD_STEP_CODE: { [Id in CloudStepId]: CloudStep<Id> } = {
  'start-snapshots': startSnapshots,
  'make-snapshots': makeSnapshots,
  verify,
  'delete-staging': deleteStaging,
  'create-image': createImage,
  'prune-images': pruneImages,
};
