// The lab's EC2: the query API over the snapshot store. The front door (lab/aws/server.ts) makes one and hands requests to it;
// the control calls are for tests and for lab/control. Knows nothing of Landfall.
import { applyFaults } from '../apply-faults.ts';
import { authorize } from '../authorize.ts';
import type { LabAwsPart } from '../context.ts';
import { type PacedContext, Timers } from '../pace.ts';
import { AwsError, type AwsRequest, type AwsResponse } from '../service.ts';
import { openSnapshotStore } from '../snapshots/store.ts';
import { consoleScreenshotActions } from './console-screenshot.ts';
import { controlCalls } from './control.ts';
import { copyImageAction, resumeCopies } from './copy-image.ts';
import { checkParameters } from './declared-parameters.ts';
import { Guests } from './guests.ts';
import { imageActions } from './images.ts';
import { importImageActions, resumeImageTasks } from './import-image.ts';
import { importSnapshotActions, resumeSnapshotTasks } from './import-snapshot.ts';
import { importTaskActions } from './import-tasks.ts';
import { instanceTypeActions } from './instance-types.ts';
import { instanceActions, resumeInstances } from './instances.ts';
import { interfaceActions } from './interfaces.ts';
import { keyPairActions } from './key-pairs.ts';
import { launchTemplateActions } from './launch-templates.ts';
import { networkActions } from './network.ts';
import { Parameters, renderResponse } from './query.ts';
import { endDryRun } from './refusals.ts';
import { rightsOf } from './rights.ts';
import { runInstancesAction } from './run-instances.ts';
import { sharingActions } from './sharing.ts';
import { snapshotActions } from './snapshots.ts';
import { type Action, type Ec2, Ec2State } from './state.ts';
import { tagActions } from './tags.ts';
import { volumeActions } from './volumes.ts';

export type { Ec2 };

/** A form is never longer than this (bytes); user data is the largest part. */
const longestBody = 1024 * 1024;

/** @param everywhere the EC2 of all accounts and Regions; this one joins it */
export function createEc2(context: PacedContext, everywhere = new Map<string, Ec2>()): LabAwsPart {
  const ec2: Ec2 = {
    context,
    snapshots: openSnapshotStore(context),
    state: new Ec2State(context.dataDir),
    timers: new Timers(),
    everywhere,
  };
  everywhere.set(`${context.account}/${context.region}`, ec2);
  const guests = new Guests(ec2);
  const actions: Record<string, Action> = {
    ...snapshotActions(ec2),
    ...imageActions(ec2),
    ...copyImageAction(ec2),
    ...sharingActions(ec2),
    ...importSnapshotActions(ec2),
    ...importImageActions(ec2),
    ...importTaskActions(ec2),
    ...runInstancesAction(ec2, guests),
    ...instanceActions(ec2, guests),
    ...consoleScreenshotActions(ec2, guests),
    ...volumeActions(ec2),
    ...instanceTypeActions(ec2),
    ...networkActions(ec2),
    ...keyPairActions(ec2),
    ...interfaceActions(ec2),
    ...launchTemplateActions(ec2),
    ...tagActions(ec2),
  };
  resumeSnapshotTasks(ec2);
  resumeImageTasks(ec2);
  resumeCopies(ec2);
  resumeInstances(ec2, guests);
  return {
    service: (request) => answer(ec2, actions, request),
    control: controlCalls(ec2, guests),
    async close() {
      ec2.timers.stop();
      await guests.close();
      await ec2.snapshots.close();
    },
  };
}

/** Errors are thrown on to the front door, which tells them in EC2's form. */
async function answer(ec2: Ec2, actions: Record<string, Action>, request: AwsRequest): Promise<AwsResponse> {
  const form = await readForm(request);
  const action = form.get('Action') ?? '';
  if (!action) throw new AwsError(400, 'MissingAction', 'The request must contain the parameter Action');
  await applyFaults(request, `ec2:${action}`, Object.fromEntries(form));
  const perform = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (!perform) throw new AwsError(400, 'InvalidAction', `The action ${action} is not valid for this web service.`);
  authorize(request, () => rightsOf(ec2, action, form));
  const version = form.get('Version');
  if (version !== '2016-11-15') {
    throw new AwsError(400, 'NoSuchVersion', `The requested version (${version ?? ''}) of the service is not valid.`);
  }
  checkParameters(action, form);
  const parameters = new Parameters(form);
  const result = await perform(parameters, request);
  // Whoever changes something ended a dry run before; this one only read.
  endDryRun(parameters);
  return {
    status: 200,
    headers: { 'content-type': 'text/xml;charset=UTF-8' },
    body: renderResponse(action, request.requestId, result),
  };
}

async function readForm(request: AwsRequest): Promise<Map<string, string>> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request.body) {
    length += (piece as Buffer).length;
    if (length > longestBody) throw new AwsError(413, 'RequestEntityTooLarge', 'The request is too long.');
    pieces.push(piece as Buffer);
  }
  return new Map([...request.query, ...new URLSearchParams(Buffer.concat(pieces).toString('utf8'))]);
}
