// A new connector: a one-time code made by a person, exchanged once for a token by the appliance.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { and, eq, gt, isNull } from 'drizzle-orm';
import { newId } from '../../../db/ids.ts';
import { connectors, enrolmentCodes } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { GatewayRequest, GatewayResponse } from '../../../replication/wire/gateway.ts';
import type { Principal } from '../../access/principals.ts';
import { guard, inTransaction, type ProgramContext, type ServiceContext } from '../context.ts';
import { targetsOf } from '../targets/store.ts';
import { CONNECTOR_HEAD } from './current.ts';
import type { ConnectorHead } from './status.ts';

const CODE_HOURS = 24;

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Makes a code that one connector may use within 24 hours. It is shown now and never again. */
export async function createEnrolmentCode(ctx: ServiceContext): Promise<{ id: string; code: string; expiresAt: Date }> {
  const workspaceId = guard(ctx, 'connector.enrol');
  const code = randomBytes(20).toString('base64url');
  const id = newId.code();
  const expiresAt = new Date(ctx.now().getTime() + CODE_HOURS * 3_600_000);
  await inTransaction(ctx, workspaceId, async ({ tx, audit }) => {
    await tx.insert(enrolmentCodes).values({
      id,
      workspaceId,
      codeHash: sha256(code),
      createdBy: ctx.principal.kind === 'member' ? ctx.principal.memberId : 'system',
      expiresAt,
    });
    audit({ action: 'connector.enrol', subjectKind: 'enrolment-code', subjectId: id, subjectName: 'One-time code' });
  });
  return { id, code, expiresAt };
}

/** Of the workspace's first target what a new connector must be told and is no secret; null is for the person to fill in. */
export async function connectorTarget(
  ctx: ServiceContext,
): Promise<Record<'region' | 'bucket' | 's3' | 'ec2' | 'ebs' | 'sts', string | null>> {
  const workspaceId = guard(ctx, 'connector.enrol');
  const [first] = await targetsOf(ctx.db, workspaceId);
  const { s3 = null, ec2 = null, ebs = null, sts = null } = first?.place.endpoints ?? {};
  return { region: first?.place.region || null, bucket: first?.place.bucket || null, s3, ec2, ebs, sts };
}

/** Which connector a code became, for the page that waits for it; null while it waits. */
export async function enrolmentResult(
  ctx: ServiceContext,
  codeId: string,
): Promise<{ connectorId: string | null; expired: boolean }> {
  const workspaceId = guard(ctx, 'connector.enrol');
  const [row] = await ctx.db
    .select()
    .from(enrolmentCodes)
    .where(and(eq(enrolmentCodes.id, codeId), eq(enrolmentCodes.workspaceId, workspaceId)));
  if (!row) throw faultError('not-found');
  return { connectorId: row.connectorId, expired: !row.usedAt && row.expiresAt < ctx.now() };
}

/** Exchanges a code for a connector and its token. */
export async function enrolConnector(
  ctx: ProgramContext,
  input: GatewayRequest<'enrol'>,
): Promise<GatewayResponse<'enrol'>> {
  const refused = () =>
    faultError('connector-refused', { message: 'The one-time code is not valid, was used already, or has expired.' });
  const [code] = await ctx.db
    .select()
    .from(enrolmentCodes)
    .where(eq(enrolmentCodes.codeHash, sha256(input.code)));
  if (!code) throw refused();
  const connectorId = newId.connector();
  const secret = randomBytes(32).toString('base64url');
  await inTransaction(ctx, code.workspaceId, async ({ tx, audit, event }) => {
    const [used] = await tx
      .update(enrolmentCodes)
      .set({ usedAt: ctx.now(), connectorId })
      .where(
        and(eq(enrolmentCodes.id, code.id), isNull(enrolmentCodes.usedAt), gt(enrolmentCodes.expiresAt, ctx.now())),
      )
      .returning();
    if (!used) throw refused();
    await tx.insert(connectors).values({
      id: connectorId,
      workspaceId: code.workspaceId,
      name: input.name,
      version: input.version,
      host: input.host,
      addresses: input.addresses,
      vmManagerType: input.vmManager.type,
      vmManagerName: input.vmManager.name,
      vmManagerId: input.vmManager.id,
      vmManagerUrl: input.vmManager.url,
      vmManagerVersion: input.vmManager.version,
      tokenHash: sha256(secret),
    });
    audit({
      action: 'connector.associate',
      subjectKind: 'connector',
      subjectId: connectorId,
      subjectName: input.name,
      after: { vmManager: input.vmManager.url, host: input.host },
    });
    event({ topic: 'connectors', subjectId: connectorId, kind: 'changed' });
  });
  return { connectorId, token: `${connectorId}.${secret}` };
}

/** The connector behind a bearer token. Throws `connector-refused`. */
export async function authenticateConnector(
  ctx: Pick<ProgramContext, 'db'>,
  token: string,
): Promise<{ connector: ConnectorHead; principal: Extract<Principal, { kind: 'connector' }> }> {
  const dot = token.indexOf('.');
  const [row] =
    dot > 0
      ? await ctx.db
          .select({
            ...CONNECTOR_HEAD,
            tokenHash: connectors.tokenHash,
            disassociatedAt: connectors.disassociatedAt,
          })
          .from(connectors)
          .where(eq(connectors.id, token.slice(0, dot)))
      : [];
  const given = Buffer.from(sha256(token.slice(dot + 1)));
  const known = Buffer.from(row?.tokenHash ?? sha256(''));
  const same = given.length === known.length && timingSafeEqual(given, known);
  if (!row || !same || row.disassociatedAt) throw faultError('connector-refused');
  return { connector: row, principal: { kind: 'connector', connectorId: row.id, workspaceId: row.workspaceId } };
}
