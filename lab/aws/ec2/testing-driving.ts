// What the tests of lab/aws/{ec2,ebs} do again and again, through the official SDK and over HTTP.
import { createHash } from 'node:crypto';
import {
  CompleteSnapshotCommand,
  EBSClient,
  type EBSClientConfig,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
  type StartSnapshotCommandInput,
} from '@aws-sdk/client-ebs';
import {
  DescribeImportImageTasksCommand,
  DescribeImportSnapshotTasksCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  type EC2ClientConfig,
  type ImportImageTask,
  ImportSnapshotCommand,
  type ImportSnapshotCommandInput,
  type ImportSnapshotTask,
  type Instance,
  RegisterImageCommand,
  type RegisterImageCommandInput,
} from '@aws-sdk/client-ec2';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { startTestLab, type TestLab } from '../testing-lab-aws.ts';

export const blockSize = 524288;

export interface CloudLab extends TestLab {
  ec2(config?: Partial<EC2ClientConfig>): EC2Client;
  ebs(config?: Partial<EBSClientConfig>): EBSClient;
}

/** A lab whose time passes a hundred times faster, without QEMU. */
export async function startCloudLab(options: Parameters<typeof startTestLab>[0] = {}): Promise<CloudLab> {
  const lab = await startTestLab({ timeScale: 0.01, ...options });
  const clients: { destroy(): void }[] = [];
  const basis = () => ({
    endpoint: lab.aws.url,
    region: lab.aws.region,
    credentials: lab.aws.credentials,
    maxAttempts: 1,
  });
  const kept = <T extends { destroy(): void }>(client: T): T => {
    clients.push(client);
    return client;
  };
  const dispose = lab[Symbol.asyncDispose];
  return Object.assign(lab, {
    ec2: (config: Partial<EC2ClientConfig> = {}) => kept(new EC2Client({ ...basis(), ...config })),
    ebs: (config: Partial<EBSClientConfig> = {}) => kept(new EBSClient({ ...basis(), ...config })),
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.destroy();
      await dispose();
    },
  });
}

/** Asks again until the answer is there; a deadline says what was waited for. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + 15_000;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain until ${what}`);
}

export async function upload(lab: CloudLab, key: string, bytes: Uint8Array): Promise<void> {
  await lab.s3().send(new PutObjectCommand({ Bucket: lab.aws.bucket, Key: key, Body: bytes }));
}

export async function importTask(client: EC2Client, id: string): Promise<ImportSnapshotTask> {
  const { ImportSnapshotTasks } = await client.send(new DescribeImportSnapshotTasksCommand({ ImportTaskIds: [id] }));
  return ImportSnapshotTasks![0]!;
}

/** Uploads the object, imports it, and answers the task at its end (`completed` or `deleted`). */
export async function importObject(
  lab: CloudLab,
  bytes: Uint8Array,
  input: Partial<ImportSnapshotCommandInput> = {},
  format = 'VMDK',
): Promise<NonNullable<ImportSnapshotTask['SnapshotTaskDetail']>> {
  const client = lab.ec2();
  const key = `staging/${createHash('sha1').update(bytes).digest('hex')}`;
  await upload(lab, key, bytes);
  const { ImportTaskId } = await client.send(
    new ImportSnapshotCommand({
      DiskContainer: { Format: format, UserBucket: { S3Bucket: lab.aws.bucket, S3Key: key } },
      ...input,
    }),
  );
  return until('the import task is at its end', async () => {
    const { SnapshotTaskDetail } = await importTask(client, ImportTaskId!);
    return /^(completed|deleted)$/.test(SnapshotTaskDetail?.Status ?? '') && SnapshotTaskDetail;
  });
}

/** The id of a snapshot that holds the raw disk. */
export async function snapshotOf(lab: CloudLab, disk: Uint8Array): Promise<string> {
  const detail = await importObject(lab, disk, {}, 'RAW');
  if (!detail.SnapshotId) throw new Error(`the import failed: ${detail.StatusMessage}`);
  return detail.SnapshotId;
}

export async function imageTask(client: EC2Client, id: string): Promise<ImportImageTask> {
  return until('the image task is at its end', async () => {
    const { ImportImageTasks } = await client.send(new DescribeImportImageTasksCommand({ ImportTaskIds: [id] }));
    return /^(completed|deleted)$/.test(ImportImageTasks?.[0]?.Status ?? '') && ImportImageTasks![0]!;
  });
}

/** RegisterImage as a product would call it, changed by `input`. */
export async function register(
  client: EC2Client,
  snapshotId: string,
  input: Partial<RegisterImageCommandInput> = {},
): Promise<string> {
  const { ImageId } = await client.send(
    new RegisterImageCommand({
      Name: `image of ${snapshotId}`,
      Architecture: 'x86_64',
      VirtualizationType: 'hvm',
      EnaSupport: true,
      RootDeviceName: '/dev/sda1',
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId: snapshotId, VolumeType: 'gp3' } }],
      ...input,
    }),
  );
  return ImageId!;
}

export async function instanceOf(client: EC2Client, id: string): Promise<Instance> {
  const { Reservations } = await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return Reservations![0]!.Instances![0]!;
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** A block of bytes that no other seed has. */
export function filledBlock(seed: number): Buffer {
  return Buffer.alloc(blockSize, sha256(Buffer.from(String(seed))));
}

export async function putBlock(client: EBSClient, id: string, index: number, bytes: Uint8Array): Promise<void> {
  await client.send(
    new PutSnapshotBlockCommand({
      SnapshotId: id,
      BlockIndex: index,
      BlockData: bytes,
      DataLength: bytes.length,
      Checksum: sha256(bytes).toString('base64'),
      ChecksumAlgorithm: 'SHA256',
    }),
  );
}

/** A completed snapshot of these blocks, by EBS direct. */
export async function writeSnapshot(
  lab: CloudLab,
  blocks: Record<number, Uint8Array>,
  input: Partial<StartSnapshotCommandInput> = {},
): Promise<string> {
  const client = lab.ebs();
  const { SnapshotId } = await client.send(new StartSnapshotCommand({ VolumeSize: 1, ...input }));
  for (const [index, bytes] of Object.entries(blocks)) await putBlock(client, SnapshotId!, Number(index), bytes);
  const count = Object.keys(blocks).length;
  await client.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount: count }));
  await completed(lab, SnapshotId!);
  return SnapshotId!;
}

export async function completed(lab: CloudLab, id: string): Promise<void> {
  const client = lab.ec2();
  await until('the snapshot is completed', async () => {
    const { Snapshots } = await client.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }));
    return Snapshots?.[0]?.State === 'completed';
  });
}

/** The lab's hash of a snapshot's blocks, hex by index. */
export async function blocksOf(lab: CloudLab, snapshotId: string, length?: number): Promise<string[]> {
  const hash = (await lab.aws.control.snapshotHash!({ snapshotId, length })) as { blocks: string[] };
  return hash.blocks;
}

/** SHA-256 of each 512 KiB of a raw disk, the last one filled up with zeros; computed here, not by the lab. */
export function blocksOfDisk(disk: Buffer): string[] {
  const digests: string[] = [];
  for (let at = 0; at < disk.length; at += blockSize) {
    const block = Buffer.alloc(blockSize);
    disk.copy(block, 0, at, Math.min(disk.length, at + blockSize));
    digests.push(sha256(block).toString('hex'));
  }
  return digests;
}

/** The refusal of EBS direct that gives this reason. */
export const validation = (Reason: string) => ({
  name: 'ValidationException',
  Reason,
  $metadata: { httpStatusCode: 400 },
});
