// What every AWS target must do, whoever stands behind it: the lab's AWS, moto, a real account.
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toFault } from '../../model/fault.ts';
import type { AwsTarget, LaunchInput } from './target.ts';

export interface ContractPlace {
  target: AwsTarget;
  /** An AMI of the account that can be launched, and a type that it starts on. */
  imageId: string;
  instanceType: string;
  /** Reads a staged object without our code. */
  read(key: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** `known` names what this AWS cannot do as AWS does it, so that the case is left out; each with its reason. */
export function awsTargetContract(
  name: string,
  setUp: () => Promise<ContractPlace>,
  known: { tokensIgnored?: boolean; dryRunUnchecked?: boolean } = {},
): void {
  describe(`the contract of an AWS target: ${name}`, () => {
    const never = new AbortController().signal;
    let place: ContractPlace;
    let target: AwsTarget;

    beforeAll(async () => {
      place = await setUp();
      target = place.target;
    });
    afterAll(() => place?.close());

    const code = (promise: Promise<unknown>) =>
      promise.then(
        () => 'no fault',
        (error: unknown) => toFault(error).code,
      );

    async function launchInput(token: string): Promise<LaunchInput> {
      const { subnets, securityGroups } = await target.instances.networks(never);
      const subnet = subnets[0];
      const group = securityGroups.find(({ vpcId }) => vpcId === subnet?.vpcId);
      return {
        imageId: place.imageId,
        instanceType: place.instanceType,
        subnetId: subnet?.id ?? '',
        securityGroupIds: group ? [group.id] : [],
        keyName: null,
        publicAddress: null,
        volumes: [],
        tags: { Name: 'contract' },
        userData: '#!/bin/sh\necho hello\n',
        token,
      };
    }

    test('a staged object holds the bytes that were written', async () => {
      const key = 'landfall/sms-job-0/sms-run-0/contract';
      const bytes = randomBytes(17 * 1024 * 1024 + 3);
      const upload = await target.staging.startUpload(key, { capacityBytes: 32 * 1024 * 1024 }, never);
      for (let at = 0; at < bytes.length; at += 3_333_333)
        await upload.write(bytes.subarray(at, at + 3_333_333), never);
      expect(await upload.complete(never)).toEqual({ bytes: bytes.length, etag: expect.stringMatching(/-3$/) });
      const hash = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
      expect(hash(await place.read(key))).toBe(hash(bytes));
      expect(await target.staging.head(key, never)).toEqual({ bytes: bytes.length });
      await target.staging.delete(key, never);
      await target.staging.delete(key, never);
      expect(await target.staging.head(key, never)).toBeNull();
    });

    test('an empty object can be staged', async () => {
      const key = 'landfall/sms-job-0/sms-run-0/empty';
      const upload = await target.staging.startUpload(key, { capacityBytes: 512 }, never);
      expect((await upload.complete(never)).bytes).toBe(0);
      expect(await target.staging.head(key, never)).toEqual({ bytes: 0 });
    });

    test('an aborted upload cannot be written any more, and its object is not there', async () => {
      const key = 'landfall/sms-job-0/sms-run-0/aborted';
      const upload = await target.staging.startUpload(key, { capacityBytes: 512 }, never);
      await upload.write(randomBytes(9 * 1024 * 1024), never);
      await upload.abort();
      await upload.abort();
      await expect(upload.write(randomBytes(1), never)).rejects.toThrow();
      expect(await target.staging.head(key, never)).toBeNull();
      await target.staging.abortUpload(key, upload.uploadId, never);
      await target.staging.abortUploadsOf(key, never);
    });

    test('the rules of the bucket can be prepared again and again', async () => {
      await target.staging.prepare(never);
      await target.staging.prepare(never);
    });

    test('the identity is an account and an ARN', async () => {
      const { account, arn } = await target.identity(never);
      expect(account).toMatch(/^\d{12}$/);
      expect(arn).toContain(account);
    });

    test('what is gone may be released again', async () => {
      await target.snapshots.delete('snap-0123456789abcdef0', never);
      await target.images.deregister('ami-0123456789abcdef0', never);
      await target.instances.terminate('i-0123456789abcdef0', never);
      await target.instances.stop('i-0123456789abcdef0', never);
    });

    test('what does not exist is left out of the answer', async () => {
      expect(await target.images.describe(['ami-0123456789abcdef0'], never)).toEqual(new Map());
      expect(await target.instances.describe(['i-0123456789abcdef0'], never)).toEqual(new Map());
      expect(await target.snapshots.find({ 'landfall:run': 'nobody' }, never)).toEqual([]);
      expect(await target.images.findByName('nobody has this name', never)).toBeNull();
      expect(await code(target.instances.image('ami-0123456789abcdef0', never))).toBe('not-found');
    });

    test('types and networks can be chosen from', async () => {
      const types = await target.instances.types(never);
      const type = types.find(({ name: typeName }) => typeName === place.instanceType);
      expect(type?.vcpus).toBeGreaterThan(0);
      expect(type?.memoryMiB).toBeGreaterThan(256);
      expect(type?.architectures).toContain('x86_64');
      const { vpcs, subnets, securityGroups } = await target.instances.networks(never);
      expect(vpcs.some(({ isDefault }) => isDefault)).toBe(true);
      for (const subnet of subnets) expect(vpcs.map(({ id }) => id)).toContain(subnet.vpcId);
      expect(securityGroups.length).toBeGreaterThan(0);
    });

    test('an instance: rehearsed, launched, described, stopped, terminated', async () => {
      const input = await launchInput('contract-launch');
      expect(await target.instances.rehearse(input, never)).toBeNull();
      const instanceId = await target.instances.launch(input, never);
      expect(instanceId).toMatch(/^i-/);
      if (!known.tokensIgnored) expect(await target.instances.launch(input, never)).toBe(instanceId);
      const state = async () => (await target.instances.describe([instanceId], never)).get(instanceId);
      await expect.poll(async () => (await state())?.state, { timeout: 15_000 }).toBe('running');
      expect(await state()).toMatchObject({ imageId: place.imageId, instanceType: place.instanceType });
      expect(typeof (await target.instances.consoleOutput(instanceId, never)).text).toBe('string');
      for (let times = 0; times < 2; times += 1) await target.instances.stop(instanceId, never);
      await expect.poll(async () => (await state())?.state, { timeout: 15_000 }).toBe('stopped');
      await target.instances.stop(instanceId, never);
      expect((await state())?.state).toBe('stopped');
      await target.instances.terminate(instanceId, never);
      await expect.poll(async () => (await state())?.state ?? 'terminated', { timeout: 15_000 }).toBe('terminated');
      await target.instances.stop(instanceId, never);
    });

    test('a launch that AWS refuses is told in its words, before and at the launch', async () => {
      const input = { ...(await launchInput('contract-refused')), subnetId: 'subnet-0123456789abcdef0' };
      if (!known.dryRunUnchecked) expect(await target.instances.rehearse(input, never)).toMatch(/InvalidSubnetID/);
      expect(await code(target.instances.launch(input, never))).toBe('launch-refused');
      const long = { ...(await launchInput('contract-long')), userData: 'x'.repeat(16_385) };
      expect(await code(target.instances.rehearse(long, never))).toBe('input-invalid');
    });

    test('Linux under a licence of AWS is refused before AWS is asked', async () => {
      const disks = [{ snapshotId: 'snap-0123456789abcdef0', order: 0 }];
      const input = { description: '', firmware: 'bios', platform: 'Linux', license: 'aws', disks } as const;
      const refused = target.images.startImport({ ...input, disks, token: 't', tags: {} }, never);
      expect(await code(refused)).toBe('license-not-allowed');
    });

    test('an aborted signal ends a call with its reason', async () => {
      const reason = new Error('the run was cancelled');
      await expect(target.identity(AbortSignal.abort(reason))).rejects.toBe(reason);
    });
  });
}
