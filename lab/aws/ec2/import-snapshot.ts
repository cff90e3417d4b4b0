// ImportSnapshot: streams a staged object through the lab's decoder into a snapshot.
import type { Readable } from 'node:stream';
import { paced } from '../pace.ts';
import { AwsError } from '../service.ts';
import { blockSize, blocksPerGiB, isZero } from '../snapshots/block-file.ts';
import type { SnapshotRecord } from '../snapshots/store.ts';
import { type DiskSink, decodeVmdk } from '../vmdk/decode.ts';
import { askedTask, chooseTasks, note, repeated, rest, startTask, taskFaults, taskTags } from './import-tasks.ts';
import type { Parameters, Xml } from './query.ts';
import { fingerprint, invalid, readDescription } from './refusals.ts';
import type { Action, Ec2, ImportTask } from './state.ts';

const bytesPerGiB = blockSize * blocksPerGiB;

export function importSnapshotActions(ec2: Ec2): Record<string, Action> {
  return {
    ImportSnapshot(parameters) {
      const print = fingerprint(parameters.fields);
      const earlier = repeated(ec2, parameters, 'snapshot', print);
      if (earlier) return taskXml(earlier);
      const disk = readContainer(ec2, parameters);
      const { encryptionByDefault } = ec2.snapshots;
      const asked = {
        kind: 'snapshot',
        fingerprint: print,
        progress: 0,
        encryptedByDefault: encryptionByDefault,
      } as const;
      const task: ImportTask = { ...askedTask(ec2, parameters, asked), disk };
      ec2.state.saveTask(task);
      startTask(ec2, task, (signal) => importSnapshot(ec2, task, signal));
      return taskXml(task);
    },

    DescribeImportSnapshotTasks(parameters) {
      const shown = chooseTasks(ec2, parameters, 'snapshot');
      return { importSnapshotTaskSet: shown.items.map(taskXml), nextToken: shown.nextToken };
    },
  };
}

/** Tasks that were active when the lab ended begin again; half-filled snapshots were thrown away at its start. */
export function resumeSnapshotTasks(ec2: Ec2): void {
  for (const task of Object.values(ec2.state.tasks)) {
    if (task.kind !== 'snapshot') continue;
    if (task.status === 'deleting') task.status = 'deleted';
    if (task.status === 'active') startTask(ec2, task, (signal) => importSnapshot(ec2, task, signal));
  }
}

function readContainer(ec2: Ec2, parameters: Parameters): NonNullable<ImportTask['disk']> {
  const container = parameters.structure('DiskContainer');
  if (!container) throw new AwsError(400, 'MissingParameter', 'The request must contain the parameter DiskContainer');
  const format = container.required('Format').toUpperCase();
  if (!['VMDK', 'RAW'].includes(format)) {
    throw new AwsError(
      400,
      'InvalidParameter',
      `The disk format ${format} is not supported by the lab (VMDK and RAW are).`,
    );
  }
  const url = container.text('Url');
  const fromUrl = url === undefined ? undefined : /^s3:\/\/([^/]+)\/(.+)$/.exec(url);
  if (url !== undefined && !fromUrl) throw invalid(`The Url ${url} is not of the form s3://bucket/key.`);
  const userBucket = container.structure('UserBucket');
  if ((url === undefined) === (userBucket === undefined)) {
    throw new AwsError(400, 'InvalidParameter', 'The disk container must name either a Url or a UserBucket.');
  }
  const bucket = fromUrl?.[1] ?? userBucket?.required('S3Bucket') ?? '';
  const key = fromUrl?.[2] ?? userBucket?.required('S3Key') ?? '';
  const region = ec2.context.s3.bucketRegion(bucket);
  if (region === undefined) {
    throw new AwsError(400, 'InvalidParameter', `The given S3 bucket ${bucket} does not exist or is not accessible.`);
  }
  if (region !== ec2.context.region) {
    throw new AwsError(400, 'InvalidParameter', 'The given S3 bucket is not local to the Region.');
  }
  return { format, bucket, key, ...(url ? { url } : {}), description: readDescription(container) };
}

async function importSnapshot(ec2: Ec2, task: ImportTask, signal: AbortSignal): Promise<void> {
  const { context, snapshots, state } = ec2;
  const disk = task.disk;
  if (!disk) throw new Error('The task has no disk.');
  await rest(paced(context, 700), signal);
  const bytesPerSecond = await taskFaults(ec2, task, signal);
  if (task.kmsKeyId && snapshots.settings.now.unusableKeys.includes(task.kmsKeyId)) {
    throw new Error(`ClientError: The KMS key ${task.kmsKeyId} is not accessible or does not exist`);
  }
  const object = await context.s3.open(disk.bucket, disk.key);
  if (!object) {
    throw new Error(
      'ClientError: Disk validation failed [We do not have access to the given resource. Reason 404 Not Found]',
    );
  }
  disk.imageSize = object.size;
  task.statusMessage = 'downloading/converting';
  note(ec2, task, `downloading/converting ${object.size} bytes of s3://${disk.bucket}/${disk.key}`);
  state.saveTask(task);
  const sink = new SnapshotSink(ec2, task);
  try {
    const stream = watched(object.stream, object.size, task, signal, bytesPerSecond);
    if (disk.format === 'VMDK') await decodeVmdk(stream, sink);
    else await readRaw(stream, object.size, sink);
    const record = await sink.seal();
    signal.throwIfAborted();
    await rest(paced(context, 300), signal);
    record.hidden = undefined;
    record.state = 'completed';
    record.progress = 100;
    record.completionTime = context.now().toISOString();
    snapshots.save(record);
    task.snapshotId = record.id;
    task.status = 'completed';
    task.statusMessage = undefined;
    task.progress = undefined;
    note(ec2, task, `completed as ${record.id}`);
    state.saveTask(task);
  } catch (error) {
    await sink.discard();
    throw error;
  } finally {
    object.stream.destroy();
  }
}

/** Passes the object's bytes on, keeps the task's percentage true, and obeys the signal and a rule's rate. */
async function* watched(
  stream: Readable,
  size: number,
  task: ImportTask,
  signal: AbortSignal,
  bytesPerSecond?: number,
): AsyncGenerator<Uint8Array> {
  let read = 0;
  const started = performance.now();
  for await (const piece of stream as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    read += piece.length;
    task.progress = Math.min(99, Math.floor((read / Math.max(1, size)) * 100));
    if (bytesPerSecond) await rest(Math.max(0, (read / bytesPerSecond) * 1000 - (performance.now() - started)), signal);
    yield piece;
  }
}

/** A raw image is the disk as it is. */
async function readRaw(stream: AsyncIterable<Uint8Array>, size: number, sink: DiskSink): Promise<void> {
  if (size === 0) throw new Error('ClientError: Disk validation failed [The disk image is empty]');
  await sink.begin(size);
  let offset = 0;
  for await (const piece of stream) {
    for (let at = 0; at < piece.length; at += blockSize) {
      const bytes = Buffer.from(piece.subarray(at, at + blockSize));
      await sink.write(offset + at, bytes);
    }
    offset += piece.length;
  }
  if (offset !== size) throw new Error('ClientError: Disk validation failed [Unexpected end of file]');
}

/** Writes a decoded disk into a snapshot that nobody sees before it is sealed. Neighbouring pieces are written together. */
class SnapshotSink implements DiskSink {
  readonly #ec2: Ec2;
  readonly #task: ImportTask;
  #record: SnapshotRecord | undefined;
  #start = 0;
  #waiting: Buffer[] = [];
  #length = 0;

  constructor(ec2: Ec2, task: ImportTask) {
    this.#ec2 = ec2;
    this.#task = task;
  }

  begin(capacity: number): void {
    this.#record = this.#ec2.snapshots.create({
      volumeSize: Math.max(1, Math.ceil(capacity / bytesPerGiB)),
      description: this.#task.description || `Created by AWS-VMImport service for ${this.#task.id}`,
      hidden: true,
      encrypted: this.#task.encrypted,
      ...(this.#task.kmsKeyId ? { kmsKeyId: this.#task.kmsKeyId } : {}),
    });
  }

  async write(offset: number, bytes: Buffer): Promise<void> {
    if (isZero(bytes)) return;
    if (offset !== this.#start + this.#length || this.#length >= 2 * blockSize) {
      await this.#flush();
      this.#start = offset;
    }
    this.#waiting.push(bytes);
    this.#length += bytes.length;
  }

  async seal(): Promise<SnapshotRecord> {
    await this.#flush();
    if (!this.#record) throw new Error('The disk image had no beginning.');
    await this.#ec2.snapshots.file(this.#record.id).seal();
    return this.#record;
  }

  async discard(): Promise<void> {
    if (this.#record) await this.#ec2.snapshots.remove(this.#record.id);
  }

  async #flush(): Promise<void> {
    if (!this.#record || this.#length === 0) return;
    const bytes = this.#waiting.length === 1 ? this.#waiting[0]! : Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#length = 0;
    await this.#ec2.snapshots.file(this.#record.id).writeBytes(this.#start, bytes);
  }
}

function taskXml(task: ImportTask): { [name: string]: Xml } {
  const { disk } = task;
  return {
    importTaskId: task.id,
    description: task.description,
    snapshotTaskDetail: {
      description: disk?.description,
      diskImageSize: disk?.imageSize ?? 0,
      encrypted: task.encrypted,
      format: disk?.format,
      kmsKeyId: task.kmsKeyId,
      progress: task.progress === undefined ? undefined : String(task.progress),
      snapshotId: task.snapshotId,
      status: task.status,
      statusMessage: task.statusMessage,
      url: disk?.url,
      userBucket: disk && !disk.url ? { s3Bucket: disk.bucket, s3Key: disk.key } : undefined,
    },
    tagSet: taskTags(task),
  };
}
