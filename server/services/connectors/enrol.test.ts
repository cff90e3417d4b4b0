import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectors, enrolmentCodes } from '../../../db/schema/index.ts';
import { catalogServer, faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { disassociateConnector } from './disassociate.ts';
import { authenticateConnector, createEnrolmentCode, enrolConnector } from './enrol.ts';
import { beginSession, checkSession, reportHealth } from './report.ts';
import { connectorStatus, SILENT_AFTER_SECONDS } from './status.ts';

let site: TestWorkspace;
const about = {
  name: 'South',
  version: '1',
  host: 'south',
  addresses: [],
  vmManager: { type: 'vsphere' as const, url: 'https://vc2', name: 'vc2', id: 'vc2', version: '8' },
};

beforeAll(async () => {
  site = await testWorkspace();
});
afterAll(() => site.close());

describe('enrolling a connector', () => {
  it('exchanges a code once, and keeps neither code nor token in clear', async () => {
    expect(await faultCode(createEnrolmentCode(site.as('operator')))).toBe('permission-denied');
    const { code } = await createEnrolmentCode(site.as('administrator'));
    const { connectorId, token } = await enrolConnector(site.ctx, { ...about, code });
    expect((await authenticateConnector(site.ctx, token)).principal).toEqual({
      kind: 'connector',
      connectorId,
      workspaceId: site.workspaceId,
    });
    expect(await faultCode(enrolConnector(site.ctx, { ...about, code }))).toBe('connector-refused');
    const kept = JSON.stringify([await site.db.select().from(connectors), await site.db.select().from(enrolmentCodes)]);
    expect(kept).not.toContain(code);
    expect(kept).not.toContain(token.split('.')[1]);
  });

  it('refuses a code that has expired and a token that is wrong in one letter', async () => {
    const { id, code } = await createEnrolmentCode(site.as('administrator'));
    await site.db
      .update(enrolmentCodes)
      .set({ expiresAt: new Date(Date.now() - 1000) })
      .where(eq(enrolmentCodes.id, id));
    expect(await faultCode(enrolConnector(site.ctx, { ...about, code }))).toBe('connector-refused');
    const fresh = await createEnrolmentCode(site.as('administrator'));
    const { token } = await enrolConnector(site.ctx, { ...about, code: fresh.code });
    const wrong = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
    expect(await faultCode(authenticateConnector(site.ctx, wrong))).toBe('connector-refused');
    expect(await faultCode(authenticateConnector(site.ctx, 'nonsense'))).toBe('connector-refused');
  });

  it('lets only the newest process of a connector work', async () => {
    const { code } = await createEnrolmentCode(site.as('administrator'));
    const { token } = await enrolConnector(site.ctx, { ...about, code });
    const { connector } = await authenticateConnector(site.ctx, token);
    const first = await beginSession(site.ctx, connector, { ...about, vmManager: null });
    const second = await beginSession(site.ctx, connector, { ...about, vmManager: null });
    const now = (await authenticateConnector(site.ctx, token)).connector;
    expect(() => checkSession(now, second)).not.toThrow();
    expect(() => checkSession(now, first)).toThrow(/Another process/);
  });

  it('is over after disassociating, which waits for no replication job', async () => {
    const { code } = await createEnrolmentCode(site.as('administrator'));
    const { connectorId, token } = await enrolConnector(site.ctx, { ...about, code });
    expect(await faultCode(disassociateConnector(site.as('operator'), { connectorId }))).toBe('permission-denied');
    await disassociateConnector(site.as('administrator'), { connectorId });
    expect(await faultCode(authenticateConnector(site.ctx, token))).toBe('connector-refused');
  });
});

describe('the status of a connector', () => {
  const at = new Date('2026-05-01T12:00:00Z');
  const check = {
    id: 'privilege:VApp.Export',
    label: 'Privilege VApp.Export',
    ok: true,
    detail: 'Granted.',
    level: 'required' as const,
  };

  it('is unhealthy with the first failing required check as its reason', () => {
    const seen = { checkedAt: at, lastSeenAt: at };
    expect(connectorStatus({ ...seen, checks: [check] }, at).status).toBe('healthy');
    expect(connectorStatus({ ...seen, checks: [check, { ...check, ok: false, level: 'advice' }] }, at).status).toBe(
      'healthy',
    );
    const bad = connectorStatus({ ...seen, checks: [{ ...check, ok: false, detail: 'Missing.' }] }, at);
    expect(bad).toEqual({ status: 'unhealthy', reason: 'Privilege VApp.Export: Missing.' });
  });

  it('is unhealthy within 30 seconds of silence', () => {
    expect(SILENT_AFTER_SECONDS).toBeLessThan(30);
    const later = new Date(at.getTime() + 29_000);
    expect(connectorStatus({ checks: [check], checkedAt: at, lastSeenAt: at }, later).status).toBe('unhealthy');
  });

  it('is what the connector reported last', async () => {
    await site.importServers([catalogServer('one')]);
    const [connector] = await site.db.select().from(connectors).where(eq(connectors.id, site.connectorId));
    if (!connector) throw new Error('no connector');
    await reportHealth(site.ctx, connector, { session: 1, checks: [{ ...check, ok: false }], rateBytesPerSecond: 0 });
    const [after] = await site.db.select().from(connectors).where(eq(connectors.id, site.connectorId));
    expect(after?.status).toBe('unhealthy');
  });
});
