// What is launched with: the configuration that a job keeps, its tags, and what is offered to choose from.
import { describe, expect, it } from 'vitest';
import { audit, replicationJobs } from '../../../db/schema/index.ts';
import type { LaunchableImage } from '../../../replication/target/aws/target.ts';
import { setLaunchConfiguration } from '../jobs/launch-configuration.ts';
import { getJob } from '../jobs/list.ts';
import { updateTarget } from '../targets/update.ts';
import { faultCode } from '../testing.ts';
import { launchAsConfigured, launchInstance } from './launch.ts';
import { launchChoices } from './launch-choices.ts';
import { ec2, input, requestId, rows, runId, site, withOneImage } from './testing-launch.ts';

withOneImage();

describe('default launch settings of the target', () => {
  const launchDefaults = {
    ...{ instanceType: null, subnetId: 'subnet-0d', securityGroupIds: ['sg-0d'], keyName: null },
    ...{ publicAddress: false, instanceProfile: 'ssm' },
  };

  it('are launched with while the job has no launch configuration, and said where a launch is prepared', async () => {
    const { targetId } = site;
    await updateTarget(site.ctx, { targetId, launchDefaults });
    const choices = await launchChoices(site.as('operator'), runId);
    expect(choices).toMatchObject({ configuration: null, defaults: { targetName: 'Main', settings: launchDefaults } });
    const [job] = await site.db.select().from(replicationJobs);
    expect((await getJob(site.as('viewer'), job?.id ?? '')).launchDefaults).toMatchObject({ subnetId: 'subnet-0d' });
    const { id } = await launchAsConfigured(site.as('operator'), { requestId, runId, purpose: 'test' });
    expect(ec2.launches.get(id)).toMatchObject({
      ...{ subnetId: 'subnet-0d', securityGroupIds: ['sg-0d'], publicAddress: false, instanceProfile: 'ssm' },
      instanceType: choices.types.recommended?.name,
    });

    const configuration = { ...launchDefaults, instanceType: 't3.small', subnetId: 'subnet-0e' };
    await setLaunchConfiguration(site.as('operator'), {
      jobId: job?.id ?? '',
      configuration: { ...configuration, volumes: [], tags: [], userData: null },
    });
    const other = await launchAsConfigured(site.as('operator'), { requestId: 'cd'.repeat(16), runId, purpose: 'test' });
    expect(ec2.launches.get(other.id)).toMatchObject({ subnetId: 'subnet-0e', instanceType: 't3.small' });
    await setLaunchConfiguration(site.as('operator'), { jobId: job?.id ?? '', configuration: null });
    await updateTarget(site.ctx, { targetId, launchDefaults: null });
  });

  it('are not for AMIs of the Region that the target was in before; what was launched by then is found again', async () => {
    const { targetId } = site;
    await updateTarget(site.ctx, { targetId, launchDefaults });
    const launching = (id: string) =>
      launchAsConfigured(site.as('operator'), { requestId: id, runId, purpose: 'test' });
    const made = await launching(requestId);
    const elsewhere = { ...launchDefaults, subnetId: 'subnet-0f' };
    await updateTarget(site.ctx, { targetId, region: 'us-east-1', launchDefaults: elsewhere });
    await expect(launching('ef'.repeat(16))).rejects.toThrow(/its AMI is in eu-central-1, .* are of us-east-1/);
    // AWS is asked nothing for it.
    ec2.target.instances.types = () => Promise.reject(new Error('AWS was asked.'));
    expect(await launching(requestId)).toEqual(made);
    expect(await rows()).toHaveLength(1);
    await updateTarget(site.ctx, { targetId, region: 'eu-central-1', launchDefaults: null });
  });
});
describe('a launch configuration', () => {
  it('is saved with a launch, used by every later one, and hides its user data from who may only look', async () => {
    await expect(launchAsConfigured(site.as('operator'), { requestId, runId, purpose: 'test' })).rejects.toMatchObject({
      fault: { code: 'conflict', remedy: /wizard/ },
    });
    const tags = [
      { key: 'Name', value: 'web (test)' },
      { key: 'team', value: 'shop' },
    ];
    const saved = input({ instanceProfile: 'ssm', keyName: 'k', tags, userData: 'geheim', saveConfiguration: true });
    await launchInstance(site.as('operator'), saved);
    const [job] = await site.db.select().from(replicationJobs);
    expect(job?.launchConfiguration).toMatchObject({ instanceProfile: 'ssm', tags: [{ key: 'team', value: 'shop' }] });
    const shown = await getJob(site.as('viewer'), job?.id ?? '');
    expect(shown.launchConfiguration).toMatchObject({ instanceType: 't3.small', hasUserData: true });
    expect(JSON.stringify(shown)).not.toContain('geheim');
    expect(JSON.stringify(await site.db.select().from(audit))).not.toContain('geheim');
    expect((await launchChoices(site.as('operator'), runId)).configuration?.userData).toBe('geheim');

    const { id } = await launchAsConfigured(site.as('operator'), { requestId, runId, purpose: 'test' });
    expect(ec2.launches.get(id)).toMatchObject({
      instanceType: 't3.small',
      keyName: 'k',
      instanceProfile: 'ssm',
      userData: 'geheim',
      tags: { Name: 'web (test)', team: 'shop' },
    });
    await setLaunchConfiguration(site.as('operator'), { jobId: job?.id ?? '', configuration: null });
    expect((await getJob(site.as('viewer'), job?.id ?? '')).launchConfiguration).toBeNull();
    expect(
      await faultCode(setLaunchConfiguration(site.as('viewer'), { jobId: job?.id ?? '', configuration: null })),
    ).toBe('permission-denied');
  });
});

describe('a tag that EC2 would refuse', () => {
  it.each([
    ['AWS:team', 'x', /aws:/],
    ['k'.repeat(129), 'x', /128/],
    ['landfall:run', 'x', /Landfall sets/],
    ['team', 'v'.repeat(257), /256/],
  ])('%j is refused where it is given, neither saved nor launched', async (key, value, words) => {
    const [job] = await site.db.select().from(replicationJobs);
    const tags = [{ key, value }];
    const refused = expect.objectContaining({ code: 'input-invalid', message: expect.stringMatching(words) });
    await expect(launchInstance(site.as('operator'), input({ tags }))).rejects.toMatchObject({ fault: refused });
    const { runId: _, purpose: __, ...configuration } = input({ tags });
    const saving = setLaunchConfiguration(site.as('operator'), {
      jobId: job?.id ?? '',
      configuration: { ...configuration, instanceProfile: null },
    });
    await expect(saving).rejects.toMatchObject({ fault: refused });
    expect(ec2.asked).toBe(0);
    expect(await rows()).toEqual([]);
  });

  it('is not one of 128 and 256 characters', async () => {
    const tags = [{ key: 'k'.repeat(128), value: 'v'.repeat(256) }];
    await launchInstance(site.as('operator'), input({ tags }));
    expect([...ec2.launches.values()]).toMatchObject([{ tags: { ['k'.repeat(128)]: 'v'.repeat(256) } }]);
  });
});

describe('the choices of a launch', () => {
  const offered = async (image: Partial<LaunchableImage>) => {
    ec2.image = { ...ec2.image, ...image };
    const { types } = await launchChoices(site.as('operator'), runId);
    return types.fitting.map(({ name }) => name);
  };

  it('go by the AMI: only types that boot it', async () => {
    expect(await offered({})).toEqual(['t2.small', 't3.small', 'm5.large']);
    expect(await offered({ bootMode: 'uefi', windows: true })).toEqual(['t3.small', 'm5.large']);
    expect(await offered({ bootMode: null, windows: false })).toEqual(['t2.small', 't3.small', 'm5.large']);
    expect(await offered({ bootMode: 'legacy-bios', ena: false })).toEqual(['t2.small']);
    expect(await offered({ bootMode: 'uefi', ena: false })).toEqual([]);
    expect(await offered({ architecture: 'arm64' })).toEqual([]);
  });

  it('are not for viewers', async () => {
    expect(await faultCode(launchChoices(site.as('viewer'), runId))).toBe('permission-denied');
  });
});
