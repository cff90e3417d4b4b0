// A whole Linux through the product: replicated while it runs, its AMI booted by QEMU, and what it says then.
import { randomBytes } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { instances } from '../db/schema/index.ts';
import { expectNothingLeft, expectSameBytes } from '../proofs/comparisons.ts';
import { type Installation, startInstallation } from '../proofs/installation.ts';
import { endedRun, importedCatalog, newJob, runOf, until } from '../proofs/runs.ts';
import { consoleOutput, terminateInstance } from '../server/services/cloud/instance-actions.ts';
import { launchInstance } from '../server/services/cloud/launch.ts';
import { launchChoices } from '../server/services/cloud/launch-choices.ts';
import { describeWith, peer } from './installed.ts';

describeWith(['tiny-guest'], 'the tiny guest', () => {
  let site: Installation;

  beforeAll(async () => {
    // What slows a whole Linux down under emulation, and a machine that does other things too.
    site = await startInstallation({ labArguments: ['--tiny-guest', peer('tiny-guest'), '--clock-scale', '0.1'] });
    await importedCatalog(site);
  }, 180_000);

  afterAll(async () => {
    await site?.close();
  }, 60_000);

  it('boots from its AMI as it was at the moment of its snapshot', async () => {
    const before = `before-${randomBytes(6).toString('hex')}`;
    const after = `after-${randomBytes(6).toString('hex')}`;
    const mark = (text: string) => site.control('/vcenter/marker', { vm: 'tiny-guest', text });
    await mark(before);
    // The copy is still under way when the guest writes again.
    await site.control('/faults', {
      id: 'slow',
      side: 'vcenter',
      operation: 'nfc:GET',
      effect: { kind: 'rate', bytesPerSecond: 4_000_000 },
    });
    const job = await newJob(site, 'tiny-guest');
    await until('its snapshot is taken', async () => (await runOf(site, job))?.results['take-snapshot'], 60);
    await mark(after);
    await site.clearFaults();
    const run = await endedRun(site, job);
    expect(run).toMatchObject({ state: 'completed', fault: null });
    expect(run.results['create-image']?.method).toBe('register-image');
    await expectSameBytes(site, run);
    await expectNothingLeft(site);

    const choices = await launchChoices(site.ctx, run.id);
    const subnet = choices.networks.subnets[0];
    const group = choices.networks.securityGroups.find(({ vpcId }) => vpcId === subnet?.vpcId);
    const { id } = await launchInstance(site.ctx, {
      runId: run.id,
      purpose: 'test',
      instanceType: choices.types.recommended?.name ?? '',
      subnetId: subnet?.id ?? '',
      securityGroupIds: [group?.id ?? ''],
      keyName: null,
      publicAddress: null,
      volumes: [],
      tags: [],
      userData: null,
    });
    const line = await until(
      'the guest says that it is ready',
      async () => /TINY-GUEST READY.*/.exec((await consoleOutput(site.ctx, { id })).text)?.[0],
      240,
    ).catch(async (error) => {
      throw new Error(`${error.message}\n${JSON.stringify(await consoleOutput(site.ctx, { id }))}`);
    });
    console.log(line);
    expect(line).toContain(`marker=${before} `);
    expect(line).not.toContain(after);
    // Its root is the disk that a virtual machine of EC2 would give it, and it has a network card.
    expect(line).toMatch(/ boots=1 kernel=\S+ root=\/dev\/[svn]\S+ nics=\S+ /);
    const [row] = await site.db.select().from(instances).where(eq(instances.id, id));
    expect(row?.state).toBe('running');
    await terminateInstance(site.ctx, { id });
  }, 600_000);
});
