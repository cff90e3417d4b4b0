// Every method of the lab's vCenter by its name on the wire.
import { authorizationMethods } from './authorization.ts';
import { changedAreaMethods } from './changed-areas.ts';
import { datastoreBrowserMethods } from './datastore-browser.ts';
import { eventMethods } from './events.ts';
import { exportMethods } from './export.ts';
import { managerMethods } from './managers.ts';
import type { Methods } from './method.ts';
import { performanceMethods } from './performance.ts';
import { propertyMethods } from './property.ts';
import { searchMethods } from './search.ts';
import { sessionMethods } from './session.ts';
import { taskMethods } from './task.ts';
import { viewMethods } from './view.ts';
import { virtualMachineMethods } from './virtual-machine.ts';

export const methods: Methods = {
  ...sessionMethods,
  ...authorizationMethods,
  ...viewMethods,
  ...propertyMethods,
  ...searchMethods,
  ...virtualMachineMethods,
  ...changedAreaMethods,
  ...exportMethods,
  ...datastoreBrowserMethods,
  ...eventMethods,
  ...managerMethods,
  ...performanceMethods,
  ...taskMethods,
};
