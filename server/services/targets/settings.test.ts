import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit } from '../../../db/schema/index.ts';
import { faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { describeTarget, getTargetSettings, updateTargetSettings } from './settings.ts';

let site: TestWorkspace;
beforeAll(async () => {
  site = await testWorkspace();
});
afterAll(() => site.close());

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
      transfer: 's3',
      transport: 'auto',
      verification: 'sampled',
      encrypted: false,
      kmsKeyArn: null,
      changedAt: null,
      changedBy: null,
    });
  });

  it('is changed by administrators only', async () => {
    for (const role of ['viewer', 'operator', 'cutover-manager'] as const) {
      expect(await faultCode(updateTargetSettings(site.as(role), CHANGED))).toBe('permission-denied');
    }
    expect(await getTargetSettings(site.as('viewer'))).toMatchObject({ transfer: 's3' });
  });

  it('says who changed what, before and after', async () => {
    await updateTargetSettings(site.as('administrator'), CHANGED);
    expect(await describeTarget(site.as('viewer'))).toEqual({
      ...CHANGED,
      changedAt: expect.any(Date),
      changedBy: 'administrator',
    });
    expect(await site.db.select().from(audit)).toMatchObject([
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
    expect(await getTargetSettings(site.as('viewer'))).toEqual(CHANGED);
  });
});
