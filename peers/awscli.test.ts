// The lab's AWS against awscli: staging both ways, and the way from a VMDK to an instance that is ended again.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LabAws, startLabAws } from '../lab/aws/main.ts';
import { FaultRules } from '../lab/faults/rules.ts';
import { createStreamOptimizedVmdk } from '../replication/disks/formats/vmdk/write-stream.ts';
import { createMemoryReader } from '../replication/disks/memory/memory-disk.ts';
import { pump } from '../replication/disks/pump.ts';
import { pretendDisk } from '../replication/disks/testing-pretend-disk.ts';
import { awsEnvironment } from './aws-environment.ts';
import { describeWith, peer } from './installed.ts';
import { output, run } from './programs.ts';

const MiB = 1024 * 1024;
const BLOCK = 524_288;

describeWith(['aws'], "the lab's AWS against awscli", () => {
  let dir: string;
  let lab: LabAws;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'landfall-awscli-'));
    lab = await startLabAws({ dataDir: join(dir, 'lab'), faults: new FaultRules(), guestQemu: false, timeScale: 0.1 });
  });

  afterAll(async () => {
    await lab?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const aws = async (...args: string[]) => {
    const text = await output(peer('aws'), args, awsEnvironment(lab), dir);
    return text.startsWith('{') ? JSON.parse(text) : text;
  };
  /** The code of the error that it ends with. */
  const refusal = async (args: string[], env: Record<string, string> = {}) => {
    const { code, error } = await run(peer('aws'), args, { ...awsEnvironment(lab), ...env }, dir);
    return code === 0 ? 'none' : (/An error occurred \(([\w.]+)\)/.exec(error)?.[1] ?? error);
  };
  const file = (name: string, bytes: Uint8Array | string) => {
    writeFileSync(join(dir, name), bytes);
    return name;
  };

  it('knows whose key it is, and refuses a wrong one', async () => {
    expect(await aws('sts', 'get-caller-identity')).toMatchObject({ Account: lab.account });
    const wrong = { AWS_SECRET_ACCESS_KEY: 'wrong' };
    expect(await refusal(['sts', 'get-caller-identity'], wrong)).toBe('SignatureDoesNotMatch');
    expect(await refusal(['ec2', 'describe-vpcs'], { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE' })).toBe('AuthFailure');
  });

  it('is told in its own protocol that a service is absent', async () => {
    // JSON 1.1, JSON 1.0, forms, JSON by path, XML by path.
    expect(await refusal(['ecs', 'list-clusters'])).toBe('UnknownOperationException');
    expect(await refusal(['dynamodb', 'list-tables'])).toBe('UnknownOperationException');
    expect(await refusal(['iam', 'list-roles'])).toBe('InvalidAction');
    expect(await refusal(['lambda', 'list-functions'])).toBe('UnknownOperationException');
    expect(await refusal(['route53', 'list-hosted-zones'])).toBe('UnknownOperation');
  });

  it('makes key pairs and launch templates, and finds them by documented filters', async () => {
    const key = await aws('ec2', 'create-key-pair', '--key-name', 'mine', '--key-type', 'ed25519');
    expect(key.KeyMaterial).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----/);
    const data = { ImageId: 'ami-00000000000000000', KeyName: 'mine', NetworkInterfaces: [{ Groups: ['sg-1'] }] };
    const named = ['--launch-template-name', 'web'];
    await aws('ec2', 'create-launch-template', ...named, '--launch-template-data', JSON.stringify(data));
    const { LaunchTemplateVersions } = await aws('ec2', 'describe-launch-template-versions', ...named);
    expect(LaunchTemplateVersions[0].LaunchTemplateData).toMatchObject(data);
    const tables = ['describe-route-tables', '--filters', 'Name=route.destination-cidr-block,Values=0.0.0.0/0'];
    expect((await aws('ec2', ...tables)).RouteTables).toHaveLength(1);
    expect(await refusal(['ec2', 'run-instances', '--launch-template', 'LaunchTemplateName=web'])).toBe(
      'InvalidAMIID.NotFound',
    );
    expect(await refusal(['ec2', 'describe-vpcs', '--filters', 'Name=colour,Values=x'])).toBe('InvalidParameterValue');
  });

  it('copies 50 MiB there and back', async () => {
    const bytes = pretendDisk(5, 50 * MiB);
    const there = `s3://${lab.bucket}/landfall/there`;
    await aws('s3', 'cp', '--no-progress', file('there', bytes), there);
    const head = await aws('s3api', 'head-object', '--bucket', lab.bucket, '--key', 'landfall/there');
    expect(head).toMatchObject({ ContentLength: bytes.length, ServerSideEncryption: 'AES256' });
    await aws('s3', 'cp', '--no-progress', there, 'back');
    expect(Buffer.compare(readFileSync(join(dir, 'back')), bytes)).toBe(0);
    expect(await aws('s3', 'ls', `s3://${lab.bucket}/landfall/`)).toMatch(/52428800 there\n/);
    await aws('s3', 'rm', there);
    expect(await refusal(['s3api', 'head-object', '--bucket', lab.bucket, '--key', 'landfall/there'])).toBe('404');
  });

  it('refuses what does not match its checksum', async () => {
    const body = file('body', 'some bytes');
    const put = (...args: string[]) =>
      refusal(['s3api', 'put-object', '--bucket', lab.bucket, '--key', 'landfall/bad', '--body', body, ...args]);
    const sha256 = createHash('sha256').update('some bytes').digest('base64');
    expect(await put('--checksum-sha256', sha256)).toBe('none');
    expect(await put('--checksum-sha256', createHash('sha256').update('others').digest('base64'))).toBe('BadDigest');
    expect(await put('--content-md5', createHash('md5').update('others').digest('base64'))).toBe('BadDigest');
    const upload = ['--bucket', lab.bucket, '--key', 'landfall/parts'];
    const { UploadId } = await aws('s3api', 'create-multipart-upload', ...upload, '--checksum-algorithm', 'CRC32');
    const part = ['s3api', 'upload-part', ...upload, '--upload-id', UploadId, '--part-number', '1', '--body', body];
    expect(await refusal([...part, '--checksum-crc32', 'AAAAAA=='])).toBe('BadDigest');
    await aws('s3api', 'abort-multipart-upload', ...upload, '--upload-id', UploadId);
    expect(await refusal([...part, '--checksum-algorithm', 'CRC32'])).toBe('NoSuchUpload');
  });

  it('goes from a VMDK to a snapshot, an AMI and an instance, and takes all of it away', async () => {
    const bytes = pretendDisk(9, 24 * MiB);
    await writeVmdk(join(dir, 'disk.vmdk'), bytes);
    await aws('s3', 'cp', '--no-progress', 'disk.vmdk', `s3://${lab.bucket}/landfall/disk.vmdk`);

    const container = (key: string) => `Format=VMDK,UserBucket={S3Bucket=${lab.bucket},S3Key=${key}}`;
    const task = await aws('ec2', 'import-snapshot', '--disk-container', container('landfall/disk.vmdk'));
    expect(task.SnapshotTaskDetail).toMatchObject({ Format: 'VMDK', Status: 'active' });
    await aws('ec2', 'wait', 'snapshot-imported', '--import-task-ids', task.ImportTaskId);
    const { ImportSnapshotTasks } = await aws('ec2', 'describe-import-snapshot-tasks');
    expect(ImportSnapshotTasks).toHaveLength(1);
    const { SnapshotId: snapshot, Status } = ImportSnapshotTasks[0].SnapshotTaskDetail;
    expect(Status).toBe('completed');
    const kept = (await lab.control.snapshotHash?.({ snapshotId: snapshot, length: bytes.length })) as {
      digest: string;
    };
    expect(kept.digest).toBe(digestOf(bytes));
    // What is no VMDK ends its task with a reason.
    await aws('s3', 'cp', '--no-progress', file('text', 'no disk'), `s3://${lab.bucket}/landfall/text`);
    const bad = await aws('ec2', 'import-snapshot', '--disk-container', container('landfall/text'));
    const ended = await until('the import of a text ends', async () => {
      const described = await aws('ec2', 'describe-import-snapshot-tasks', '--import-task-ids', bad.ImportTaskId);
      const detail = described.ImportSnapshotTasks[0].SnapshotTaskDetail;
      return detail.Status === 'deleted' && detail;
    });
    expect(ended.StatusMessage).toMatch(/ClientError/);

    const mapping = `DeviceName=/dev/sda1,Ebs={SnapshotId=${snapshot},VolumeType=gp3,DeleteOnTermination=true}`;
    const image = ['--name', 'by-awscli', '--architecture', 'x86_64', '--virtualization-type', 'hvm', '--ena-support'];
    const register = ['ec2', 'register-image', ...image, '--root-device-name', '/dev/sda1'];
    const mapped = ['--block-device-mappings', mapping];
    expect(await refusal([...register, ...mapped, '--dry-run'])).toBe('DryRunOperation');
    const { ImageId } = await aws(...register, ...mapped);
    expect(await refusal([...register, ...mapped])).toBe('InvalidAMIName.Duplicate');
    await aws('ec2', 'wait', 'image-available', '--image-ids', ImageId);
    const { Images } = await aws('ec2', 'describe-images', '--owners', 'self');
    expect(Images).toMatchObject([{ ImageId, State: 'available', EnaSupport: true, RootDeviceName: '/dev/sda1' }]);

    const { Subnets } = await aws('ec2', 'describe-subnets');
    const where = ['--subnet-id', Subnets[0].SubnetId, '--instance-type', 't3.micro'];
    const launch = ['ec2', 'run-instances', '--image-id', ImageId, ...where, '--client-token', 'one-launch'];
    expect(await refusal([...launch, '--dry-run'])).toBe('DryRunOperation');
    const { Instances } = await aws(...launch);
    const id = Instances[0].InstanceId;
    expect(Instances[0].State.Name).toBe('pending');
    expect((await aws(...launch)).Instances[0].InstanceId).toBe(id);
    await aws('ec2', 'wait', 'instance-running', '--instance-ids', id);
    const { Reservations } = await aws('ec2', 'describe-instances', '--filters', `Name=image-id,Values=${ImageId}`);
    expect(Reservations[0].Instances).toMatchObject([{ InstanceId: id, State: { Name: 'running' }, ImageId }]);
    const { Output } = await aws('ec2', 'get-console-output', '--instance-id', id);
    expect(Output).toContain('only simulated');
    const { TerminatingInstances } = await aws('ec2', 'terminate-instances', '--instance-ids', id);
    expect(TerminatingInstances[0]).toMatchObject({ PreviousState: { Name: 'running' } });
    await aws('ec2', 'wait', 'instance-terminated', '--instance-ids', id);

    const removeSnapshot = ['ec2', 'delete-snapshot', '--snapshot-id', snapshot];
    expect(await refusal(removeSnapshot)).toBe('InvalidSnapshot.InUse');
    await aws('ec2', 'deregister-image', '--image-id', ImageId);
    expect(await refusal(launch.with(-1, 'another-launch'))).toMatch(/^InvalidAMIID\.(NotFound|Unavailable)$/);
    await aws(...removeSnapshot);
    expect(await refusal(['ec2', 'describe-snapshots', '--snapshot-ids', snapshot])).toBe('InvalidSnapshot.NotFound');
    expect(await refusal(['ec2', 'describe-instances', '--instance-ids', 'i-12'])).toBe('InvalidInstanceID.Malformed');
    const unknown = ['--instance-ids', 'i-0123456789abcdef0'];
    expect(await refusal(['ec2', 'describe-instances', ...unknown])).toBe('InvalidInstanceID.NotFound');
  }, 300_000);
});

/** Asks until there is an answer; the command line takes its time by itself. */
async function until<T>(what: string, look: () => Promise<T | false>): Promise<T> {
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    const found = await look();
    if (found) return found;
  }
  throw new Error(`Not within a minute: ${what}`);
}

async function writeVmdk(path: string, bytes: Uint8Array): Promise<void> {
  const out = createWriteStream(path);
  const sink = async (chunk: Uint8Array) => {
    if (!out.write(chunk)) await once(out, 'drain');
  };
  const writer = createStreamOptimizedVmdk({ capacityBytes: bytes.length, sink, name: basename(path) });
  await pump(createMemoryReader(bytes), writer, { signal: new AbortController().signal });
  out.end();
  await once(out, 'finish');
}

/** As the lab states it: SHA-256 over the SHA-256 of every 512 KiB. */
function digestOf(bytes: Uint8Array): string {
  const all = createHash('sha256');
  for (let at = 0; at < bytes.length; at += BLOCK) {
    all.update(
      createHash('sha256')
        .update(bytes.subarray(at, at + BLOCK))
        .digest(),
    );
  }
  return all.digest('hex');
}
