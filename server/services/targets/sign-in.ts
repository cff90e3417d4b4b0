// How the console signs in to a target: what may be chosen, and how it lies in the target's row. The secret of an access key is
// sealed there and leaves it only for AWS.

import { createHash, randomBytes } from 'node:crypto';
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Queries } from '../../../db/client.ts';
import { awsTargetPlaces, awsTargets, workspaces } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { CONNECTOR_SIGN_INS, type ConnectorSignIn, type SignInKind } from '../../../replication/model/target.ts';
import { awsEnvironment } from '../../env.ts';
import { TARGET_KEY } from '../../secrets/columns.ts';
import { readKeyRing } from '../../secrets/key-ring.ts';
import { keyedHash, type SealedAt, seal, unseal } from '../../secrets/seal.ts';
import { guard, parseInput, type ServiceContext } from '../context.ts';
import type { PlaceRow, TargetRow } from './store.ts';

/** What a person may say. The external id is not among it: that is ours. */
export const signInInput = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('default-chain') }),
  z.object({
    kind: z.literal('access-key'),
    accessKeyId: z
      .string()
      .trim()
      .regex(/^[A-Z0-9]{16,128}$/, 'An access key ID, such as AKIAIOSFODNN7EXAMPLE'),
    secretAccessKey: z
      .string()
      .trim()
      .min(16, 'The secret access key, 40 characters')
      .max(128, 'The secret access key, 40 characters'),
  }),
  z.object({
    kind: z.literal('assume-role'),
    roleArn: z
      .string()
      .trim()
      .regex(
        /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
        'The ARN of a role, such as arn:aws:iam::123456789012:role/landfall',
      ),
  }),
]);
export type SignInInput = z.output<typeof signInInput>;
export const connectorSignInInput = z.enum(CONNECTOR_SIGN_INS);

/** How to sign in, with whatever that takes. */
export type SignIn =
  | { kind: 'environment' }
  | { kind: 'default-chain' }
  | { kind: 'access-key'; accessKeyId: string; secretAccessKey: string }
  | { kind: 'assume-role'; roleArn: string; externalId: string };

type Owner = Pick<TargetRow, 'id' | 'workspaceId'>;
type SignInRow = Owner & Pick<TargetRow, 'signIn' | 'accessKeyId' | 'secretKey' | 'roleArn' | 'externalId'>;

const sealedAt = ({ id, workspaceId }: Owner): SealedAt => ({ ...TARGET_KEY, workspaceId, row: id });

/** @throws `secret-key-missing`, `secret-unreadable` when the secret of its access key cannot be opened */
export function signInOf(target: SignInRow): SignIn {
  const { signIn: kind, accessKeyId, secretKey, roleArn, externalId } = target;
  if (kind === 'access-key' && accessKeyId && secretKey)
    return { kind, accessKeyId, secretAccessKey: unseal(secretKey, sealedAt(target)) };
  if (kind === 'assume-role' && roleArn && externalId) return { kind, roleArn, externalId };
  if (kind === 'environment' || kind === 'default-chain') return { kind };
  // Its secret was sealed with a key that was lost and given up.
  throw faultError('aws-credentials-missing', { message: 'The secret of the access key of the AWS target is gone.' });
}

/** As it is kept. @throws `secret-key-missing` when there is no key to seal with */
export function signInColumns(signIn: SignIn, owner: Owner) {
  const none = { accessKeyId: null, secretKey: null, roleArn: null };
  if (signIn.kind === 'assume-role') return { ...none, signIn: signIn.kind, roleArn: signIn.roleArn };
  if (signIn.kind !== 'access-key') return { ...none, signIn: signIn.kind };
  const { kind, accessKeyId, secretAccessKey } = signIn;
  return { ...none, signIn: kind, accessKeyId, secretKey: seal(secretAccessKey, sealedAt(owner)) };
}

/** What the audit trail is told: an access key's id, never its secret. */
export function toldOf(row: Pick<TargetRow, 'signIn' | 'accessKeyId' | 'roleArn' | 'connectorSignIn'>) {
  const { signIn, accessKeyId, roleArn, connectorSignIn } = row;
  return { signIn, keyId: accessKeyId, role: roleArn, connectorSignIn };
}

/** The same id for the same request of a workspace, so that the row itself tells that it was sent before. */
export function idOfRequest(workspaceId: WorkspaceId, requestId: string): string {
  return `target-${createHash('sha256').update(`${workspaceId}/${requestId}`).digest('hex').slice(0, 17)}`;
}

/**
 * The external id of a target that is not made yet: nobody chooses it, no two workspaces have the same, and a form can show it
 * before the target exists. Null without a master key.
 */
function externalIdOf(workspaceId: WorkspaceId, targetId: string): string | null {
  const hash = keyedHash(`external id of ${workspaceId}/${targetId}`);
  return hash && `landfall-${hash.slice(0, 32)}`;
}

/** For a target that signs in by no role yet; it lasts. */
export function newExternalId(workspaceId: WorkspaceId, targetId: string): string {
  return externalIdOf(workspaceId, targetId) ?? `landfall-${randomBytes(16).toString('hex')}`;
}

/**
 * What a person may choose here. The default chain is the operator's own identity: whoever points a target at it has that
 * identity's rights, so it is for installations of one workspace, unless their operator says otherwise.
 */
async function allowedSignIns(db: Queries): Promise<SignInInput['kind'][]> {
  const sealing = readKeyRing().length > 0;
  const chain = await isOperatorsShared(db);
  return [...(sealing ? (['access-key', 'assume-role'] as const) : []), ...(chain ? (['default-chain'] as const) : [])];
}

/** Whether members may point targets anywhere with what is the operator's. */
async function isOperatorsShared(db: Queries): Promise<boolean> {
  if (awsEnvironment().LANDFALL_AWS_DEFAULT_CHAIN === 'all') return true;
  return (await db.select({ id: workspaces.id }).from(workspaces).limit(2)).length < 2;
}

const WHERE_IT_IS = ['region', 'bucket', 'prefix', 'endpoints'];

/**
 * For a change of a target: one that signs in with what is the operator's stays where it is, since others use that too.
 * @throws `sign-in-reserved`
 */
export async function checkMove(
  db: Queries,
  principal: ServiceContext['principal'],
  target: Pick<TargetRow, 'name' | 'signIn'>,
  fields: readonly string[],
): Promise<void> {
  const isOperators = target.signIn === 'environment' || target.signIn === 'default-chain';
  if (principal.kind === 'system' || !isOperators || !fields.some((field) => WHERE_IT_IS.includes(field))) return;
  if (await isOperatorsShared(db)) return;
  throw faultError('sign-in-reserved', {
    message: `The AWS target ${target.name} signs in with the console's own identity, which other workspaces use too, so members cannot move it to another place.`,
    remedy: 'Change its sign-in to an access key or a role of the account first, or create another target.',
  });
}

/** @throws `sign-in-reserved`, `secret-key-missing` when members may not choose it here */
export async function checkAllowed(db: Queries, kind: SignInInput['kind']): Promise<void> {
  if ((await allowedSignIns(db)).includes(kind)) return;
  throw faultError(kind === 'default-chain' ? 'sign-in-reserved' : 'secret-key-missing');
}

export const oneTargetInput = z.object({ targetId: z.string() });

/** A target of the workspace as it is now, a retired one too: what was made there is still released by it. @throws `not-found` */
export async function targetToSignIn(
  tx: Queries,
  workspaceId: WorkspaceId,
  targetId: string,
): Promise<{ target: TargetRow; place: PlaceRow }> {
  const [found] = await tx
    .select({ target: awsTargets, place: awsTargetPlaces })
    .from(awsTargets)
    .innerJoin(
      awsTargetPlaces,
      and(eq(awsTargetPlaces.targetId, awsTargets.id), eq(awsTargetPlaces.revision, awsTargets.revision)),
    )
    .where(and(eq(awsTargets.id, targetId), eq(awsTargets.workspaceId, workspaceId)));
  if (!found) throw faultError('not-found', { message: `There is no AWS target ${targetId}.` });
  return found;
}

/** How a target signs in, as people read it. */
export interface ShownSignIn {
  kind: SignInKind;
  accessKeyId: string | null;
  roleArn: string | null;
  /** What its role asks for, or would. */
  externalId: string | null;
  connectorSignIn: ConnectorSignIn;
  account: string | null;
  /** What a member may choose instead. */
  allowed: SignInInput['kind'][];
}

export async function targetSignIn(ctx: ServiceContext, input: z.input<typeof oneTargetInput>): Promise<ShownSignIn> {
  const workspaceId = guard(ctx, 'target.read');
  const { targetId } = parseInput(oneTargetInput, input);
  const { target, place } = await targetToSignIn(ctx.db, workspaceId, targetId);
  const { signIn: kind, accessKeyId, roleArn, externalId, connectorSignIn } = target;
  const allowed = await allowedSignIns(ctx.db);
  return { kind, accessKeyId, roleArn, externalId, connectorSignIn, account: place.account, allowed };
}

export const requestInput = z.object({ requestId: z.string().regex(/^[0-9a-f]{32}$/) });

/** For a form that will create a target by this request: the external id that it will have, and what may be chosen. */
export async function newTargetSignIn(
  ctx: ServiceContext,
  input: z.input<typeof requestInput>,
): Promise<{ externalId: string | null; allowed: SignInInput['kind'][] }> {
  const workspaceId = guard(ctx, 'target.manage');
  const { requestId } = parseInput(requestInput, input);
  const externalId = externalIdOf(workspaceId, idOfRequest(workspaceId, requestId));
  return { externalId, allowed: await allowedSignIns(ctx.db) };
}
