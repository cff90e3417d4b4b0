// The lab's EBS direct (rest-json): six calls over the snapshot store. The front door (lab/aws/server.ts) makes one and hands
// requests to it. Enforces what AWS enforces: 512 KiB, SHA-256, pending only, count and linear checksum.
import { applyFaults } from '../apply-faults.ts';
import { mustMay } from '../authorize.ts';
import type { LabAwsPart } from '../context.ts';
import type { PacedContext } from '../pace.ts';
import { AwsError, type AwsRequest, type AwsResponse } from '../service.ts';
import { openSnapshotStore } from '../snapshots/store.ts';
import { BlockTokens } from './block-tokens.ts';
import { listChangedBlocks, listSnapshotBlocks } from './list-blocks.ts';
import { getSnapshotBlock, putSnapshotBlock } from './move-blocks.ts';
import { type KeyPolicyOf, rightsOf } from './rights.ts';
import { completeSnapshot, startSnapshot } from './snapshot-life.ts';
import type { Ebs } from './validation.ts';

type Call = (ebs: Ebs, request: AwsRequest, path: Record<string, string>) => Promise<AwsResponse>;

interface Route {
  operation: string;
  method: string;
  path: RegExp;
  call: Call;
}

const routes: Route[] = [
  { operation: 'StartSnapshot', method: 'POST', path: /^\/snapshots$/, call: startSnapshot },
  {
    operation: 'CompleteSnapshot',
    method: 'POST',
    path: /^\/snapshots\/completion\/(?<snapshotId>[^/]+)$/,
    call: completeSnapshot,
  },
  {
    operation: 'PutSnapshotBlock',
    method: 'PUT',
    path: /^\/snapshots\/(?<snapshotId>[^/]+)\/blocks\/(?<blockIndex>[^/]+)$/,
    call: putSnapshotBlock,
  },
  {
    operation: 'GetSnapshotBlock',
    method: 'GET',
    path: /^\/snapshots\/(?<snapshotId>[^/]+)\/blocks\/(?<blockIndex>[^/]+)$/,
    call: getSnapshotBlock,
  },
  {
    operation: 'ListSnapshotBlocks',
    method: 'GET',
    path: /^\/snapshots\/(?<snapshotId>[^/]+)\/blocks$/,
    call: listSnapshotBlocks,
  },
  {
    operation: 'ListChangedBlocks',
    method: 'GET',
    path: /^\/snapshots\/(?<snapshotId>[^/]+)\/changedblocks$/,
    call: listChangedBlocks,
  },
];

/** What a reason is called when a rule makes one of these fail without saying so. */
const reasons: Record<string, string> = {
  ResourceNotFoundException: 'SNAPSHOT_NOT_FOUND',
  ValidationException: 'INVALID_PARAMETER_VALUE',
  ThrottlingException: 'ACCOUNT_THROTTLED',
  RequestThrottledException: 'RESOURCE_THROTTLED',
  AccessDeniedException: 'UNAUTHORIZED_ACCOUNT',
  ServiceQuotaExceededException: 'DEPENDENCY_SERVICE_QUOTA_EXCEEDED',
};

/** `keyPolicy` tells the policy of a KMS key. */
export function createEbs(context: PacedContext, keyPolicy: KeyPolicyOf): LabAwsPart {
  const ebs: Ebs = { context, snapshots: openSnapshotStore(context), tokens: new BlockTokens(context) };
  return {
    service: (request) => answer(ebs, request, keyPolicy),
    control: {},
    close: () => ebs.snapshots.close(),
  };
}

/** Errors are thrown on to the front door, which tells them in rest-json's form. */
async function answer(ebs: Ebs, request: AwsRequest, keyPolicy: KeyPolicyOf): Promise<AwsResponse> {
  for (const route of routes) {
    const match = route.method === request.method ? route.path.exec(request.path.replace(/(.)\/$/, '$1')) : null;
    if (!match) continue;
    const path = Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, value]) => [name, decoded(value)]));
    // By its description a rule finds a snapshot whose id nobody knows yet.
    const about = path.snapshotId ? ebs.snapshots.descriptionOf(path.snapshotId) : undefined;
    const attributes = about === undefined ? path : { ...path, description: about };
    await withReason(async () => {
      await applyFaults(request, `ebs:${route.operation}`, attributes);
      for (const right of await rightsOf(ebs, request, route.operation, path, keyPolicy)) mustMay(request, right);
    });
    return route.call(ebs, request, path);
  }
  throw new AwsError(404, 'UnknownOperationException', `The lab knows no ${request.method} ${request.path}.`);
}

async function withReason(enter: () => Promise<void>): Promise<void> {
  try {
    await enter();
  } catch (error) {
    const reason = error instanceof AwsError ? reasons[error.code] : undefined;
    if (!(error instanceof AwsError) || !reason || error.details.Reason) throw error;
    throw new AwsError(error.status, error.code, error.message, { Reason: reason, ...error.details });
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
