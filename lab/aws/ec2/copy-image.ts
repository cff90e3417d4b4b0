// CopyImage: from another Region of the account, or from an account that shared the image. The bytes are really copied.
import { createHash } from 'node:crypto';
import { paced } from '../pace.ts';
import { AwsError } from '../service.ts';
import { blocksPerGiB } from '../snapshots/block-file.ts';
import { newId, type SnapshotRecord } from '../snapshots/store.ts';
import { checkName, seenImages } from './images.ts';
import type { Parameters } from './query.ts';
import { endDryRun, fingerprint, found, readDescription, tagsFor, tokenMismatch } from './refusals.ts';
import { defaultKey } from './snapshots.ts';
import type { Action, DiskMapping, Ec2, ImageRecord } from './state.ts';

export function copyImageAction(ec2: Ec2): Record<string, Action> {
  return {
    CopyImage(parameters) {
      const token = parameters.text('ClientToken');
      const print = fingerprint(parameters.fields);
      const earlier = token && Object.values(ec2.state.images).find(({ clientToken }) => clientToken === token);
      if (earlier && earlier.fingerprint !== print) throw tokenMismatch();
      if (earlier) return { imageId: earlier.id };
      const source = readSource(ec2, parameters);
      const encryption = readEncryption(ec2, source.image, parameters);
      const name = checkName(ec2, parameters.required('Name'));
      const tags = tagsFor(parameters, ['image', 'snapshot']);
      const own = source.owner.context.account === ec2.context.account;
      const copied = parameters.flag('CopyImageTags') && own ? source.image.tags : {};
      const description = readDescription(parameters);
      endDryRun(parameters);
      const { clientToken: _, fingerprint: __, sharedWith: ___, state: ____, ...rest } = source.image;
      const record: ImageRecord = {
        ...rest,
        id: newId('ami'),
        name,
        description,
        creationDate: ec2.context.now().toISOString(),
        tags: { ...copied, ...tags.image },
        origin: 'copy',
        state: 'pending',
        copyOf: {
          account: source.owner.context.account,
          region: source.owner.context.region,
          imageId: source.image.id,
        },
        ...(token ? { clientToken: token } : {}),
        fingerprint: print,
        mappings: source.image.mappings.map((mapping) =>
          beginDisk(ec2, source.owner, mapping, encryption, tags.snapshot),
        ),
      };
      ec2.state.saveImage(record);
      carryOn(ec2, record);
      return { imageId: record.id };
    },
  };
}

/** Copies that a lab of before was about. */
export function resumeCopies(ec2: Ec2): void {
  for (const image of Object.values(ec2.state.images)) if (image.state === 'pending') carryOn(ec2, image);
}

interface Source {
  image: ImageRecord;
  owner: Ec2;
}

function readSource(ec2: Ec2, parameters: Parameters): Source {
  const id = parameters.required('SourceImageId');
  const seen = seenImages(ec2, parameters.required('SourceRegion'));
  const source = found(
    'image',
    id,
    seen.find(({ image }) => image.id === id),
  );
  if (source.image.state) {
    throw new AwsError(400, 'InvalidAMIID.Unavailable', `The image ID '${id}' is not available`);
  }
  const { account } = ec2.context;
  const { snapshots, context } = source.owner;
  const readable = source.image.mappings.every(({ snapshotId }) => {
    const snapshot = snapshotId ? snapshots.get(snapshotId) : undefined;
    return !snapshot || context.account === account || snapshot.sharedWith?.includes(account);
  });
  // aws-samples and packer users quote it so: amazon-eks-ami#52.
  if (!readable) {
    throw new AwsError(400, 'InvalidRequest', 'You do not have permission to access the storage of this ami');
  }
  return source;
}

interface Encryption {
  encrypted: boolean;
  kmsKeyId?: string;
}

function readEncryption(ec2: Ec2, source: ImageRecord, parameters: Parameters): (mapping: DiskMapping) => Encryption {
  const wanted = parameters.flag('Encrypted');
  const kmsKeyId = parameters.text('KmsKeyId');
  if (kmsKeyId && !wanted) {
    throw new AwsError(400, 'InvalidParameterDependency', 'KmsKeyId is only allowed together with Encrypted.');
  }
  const plain = wanted === false && source.mappings.find(({ encrypted }) => encrypted);
  if (plain) {
    throw new AwsError(
      400,
      'InvalidRequest',
      `Snapshot ${plain.snapshotId} is encrypted. Creating an unencrypted copy from an encrypted snapshot is not supported.`,
    );
  }
  return (mapping) => {
    const encrypted = wanted || mapping.encrypted || ec2.snapshots.encryptionByDefault;
    return encrypted ? { encrypted, kmsKeyId: kmsKeyId ?? defaultKey(ec2) } : { encrypted };
  };
}

/** The copy's disk names its snapshot from the beginning, as AWS lists it long before it is complete. */
function beginDisk(
  ec2: Ec2,
  owner: Ec2,
  { kmsKeyId: _, ...mapping }: DiskMapping,
  encryption: (mapping: DiskMapping) => Encryption,
  tags: Record<string, string> = {},
): DiskMapping {
  const original = mapping.snapshotId ? owner.snapshots.get(mapping.snapshotId) : undefined;
  const secured = encryption(mapping);
  if (!original) return { ...mapping, ...secured };
  const description = `Copied for DestinationAmi from SourceAmi of ${original.id}`;
  const made = { description, tags, ...secured };
  // Within one store a copy lies over its original and costs no bytes.
  const record =
    owner === ec2
      ? ec2.snapshots.copy(original, made)
      : ec2.snapshots.create({ ...made, volumeSize: original.volumeSize });
  return { ...mapping, ...secured, snapshotId: record.id };
}

function carryOn(ec2: Ec2, image: ImageRecord): void {
  ec2.timers.after(paced(ec2.context, 1500), () => {
    copyDisks(ec2, image).then(
      () => settle(ec2, image, undefined),
      (error: Error) => settle(ec2, image, error.message),
    );
  });
}

async function copyDisks(ec2: Ec2, image: ImageRecord): Promise<void> {
  const from = image.copyOf;
  const owner = from && ec2.everywhere.get(`${from.account}/${from.region}`);
  const source = from && owner?.state.images[from.imageId];
  if (!owner || !source) throw new Error('The source image is gone.');
  for (const [at, { snapshotId, kmsKeyId }] of image.mappings.entries()) {
    if (kmsKeyId && ec2.snapshots.settings.now.unusableKeys.includes(kmsKeyId)) {
      // As DescribeSnapshots tells it of a copy whose key cannot be used.
      throw new Error('Given key ID is not accessible');
    }
    const original = source.mappings[at]?.snapshotId;
    const record = snapshotId ? ec2.snapshots.get(snapshotId) : undefined;
    if (!original || !record) continue;
    if (owner !== ec2) await copyBlocks(ec2, owner, original, record);
    ec2.snapshots.complete(record);
  }
}

async function copyBlocks(ec2: Ec2, owner: Ec2, original: string, record: SnapshotRecord): Promise<void> {
  for (let index = 0; index < record.volumeSize * blocksPerGiB; index += 1) {
    if (ec2.timers.signal.aborted) throw new Error('The lab stops.');
    const bytes = await owner.snapshots.read(original, index);
    if (bytes) await ec2.snapshots.putBlock(record, index, bytes, createHash('sha256').update(bytes).digest());
  }
}

/** A lab that stops leaves the copy pending: the next one carries on. */
function settle(ec2: Ec2, image: ImageRecord, failed: string | undefined): void {
  if (ec2.timers.signal.aborted || !ec2.state.images[image.id]) return;
  if (failed) {
    image.state = 'failed';
    image.stateReason = { code: 'Client.InternalError', message: failed };
  } else delete image.state;
  ec2.state.saveImage(image);
}
