// The connector-side steps by id; a missing one is a type error.
import type { ConnectorStepId } from '../../model/itinerary.ts';
import { checkServer } from './check-server.ts';
import { copyDisks } from './copy-disks.ts';
import { findChanges } from './find-changes.ts';
import { releaseSnapshot } from './release-snapshot.ts';
import type { ConnectorStep } from './step.ts';
import { takeSnapshot } from './take-snapshot.ts';

export const CONNECTOR_STEP_CODE: { [Id in ConnectorStepId]: ConnectorStep<Id> } = {
  'check-server': checkServer,
  'take-snapshot': takeSnapshot,
  'find-changes': findChanges,
  'copy-disks': copyDisks,
  'release-snapshot': releaseSnapshot,
};
