import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit } from '../../../db/schema/index.ts';
import { faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { createTarget } from './create.ts';
import { describeTarget, updateTargetSettings } from './settings.ts';

let site: TestWorkspace;
beforeAll(async () => {
  site = await testWorkspace();
});
afterAll(() => site.close());

const WHERE = { id: expect.any(String), name: 'Main', region: 'eu-central-1', bucket: 'bucket' };
const CHANGED = {
  transfer: 'ebs-direct',
  transport: 'nfc',
  verification: 'full',
  encrypted: true,
  kmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/one',
} as const;

describe('how the AWS target is used', () => {
  it('is staging, automatic and sampled until somebody says otherwise', async () => {
    expect(await describeTarget(site.as('viewer'))).toEqual({
      ...WHERE,
      transfer: 's3',
      transport: 'auto',
      verification: 'sampled',
      encrypted: false,
      kmsKeyArn: null,
      tags: {},
      changedAt: null,
      changedBy: null,
    });
  });

  it('is changed by administrators only', async () => {
    for (const role of ['viewer', 'operator', 'cutover-manager'] as const) {
      expect(await faultCode(updateTargetSettings(site.as(role), CHANGED))).toBe('permission-denied');
    }
    expect(await describeTarget(site.as('viewer'))).toMatchObject({ transfer: 's3' });
  });

  it('says who changed what, before and after', async () => {
    await updateTargetSettings(site.as('administrator'), CHANGED);
    expect(await describeTarget(site.as('viewer'))).toMatchObject({
      ...CHANGED,
      changedAt: expect.any(Date),
      changedBy: 'administrator',
    });
    expect(await site.db.select().from(audit).where(eq(audit.action, 'target.update'))).toMatchObject([
      {
        action: 'target.update',
        actorName: 'administrator',
        before: { transfer: 's3', transport: 'auto', verification: 'sampled' },
        after: CHANGED,
      },
    ]);
  });

  it('refuses a path that does not exist, and keeps what was', async () => {
    const wrong = { ...CHANGED, transfer: 'pigeon' as 's3' };
    expect(await faultCode(updateTargetSettings(site.as('administrator'), wrong))).toBe('input-invalid');
    expect(await describeTarget(site.as('viewer'))).toMatchObject(CHANGED);
  });

  it('is of one target, and leaves the others alone', async () => {
    const admin = site.as('administrator');
    const { targetId } = await createTarget(admin, { name: 'Second', region: 'eu-west-1', bucket: 'second' });
    await updateTargetSettings(admin, { ...CHANGED, targetId, transfer: 's3', tags: { team: 'blue' } });
    expect(await describeTarget(admin, { targetId })).toMatchObject({ transfer: 's3', tags: { team: 'blue' } });
    expect(await describeTarget(admin)).toMatchObject({ ...WHERE, transfer: 'ebs-direct', tags: {} });
    expect(await faultCode(describeTarget(admin, { targetId: 'target-0' }))).toBe('not-found');
  });
});
