// The AWS side of a run as ports. Adapters in this folder speak to AWS through its SDK; nobody else does.
import type { DigestStore } from '../../disks/digests/store.ts';
import type { InstanceState, LaunchInput } from '../../model/instance.ts';
import type { VolumeType } from '../../model/volume.ts';
import type { EbsDirect } from './ebs-direct/port.ts';
import type { TrialOptions } from './permissions/trial.ts';
import type { Trials } from './permissions/try-rights.ts';

export type { InstanceState, LaunchInput } from '../../model/instance.ts';
export type { EbsDirect } from './ebs-direct/port.ts';

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  /** From when AWS refuses them; without one they last. */
  expiration?: Date;
}

/** Where an AWS target is reached and as whom. Endpoints only for private links, other partitions and the lab. */
export interface AwsTargetConfig {
  region: string;
  bucket: string;
  /** Them, or who gives them: asked again some minutes before they expire. */
  credentials: AwsCredentials | (() => Promise<AwsCredentials>);
  endpoints?: {
    s3?: string;
    ec2?: string;
    ebs?: string;
    sts?: string;
    sns?: string | undefined;
    events?: string | undefined;
  };
  /** Whom the bucket must belong to; sent with every S3 call when known. */
  account?: string;
  /** RoleName of VM Import; AWS's default is `vmimport`. */
  importRole?: string;
  /** Everything staged lies under it; ends with `/`. Default `landfall/`. */
  prefix?: string;
}

/** A streaming upload of an object of unknown length. Memory is bounded whatever the length. */
export interface StagedUpload {
  /** S3's upload id: declared in the ledger before the first part. */
  uploadId: string;
  /** Takes the next bytes; resolves when there is room for more. The chunk may be reused after that. */
  write(chunk: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Completes the object; its size and ETag. */
  complete(signal: AbortSignal): Promise<{ bytes: number; etag: string }>;
  abort(): Promise<void>;
}

export interface Staging {
  /** Creates the bucket's rules (expiry of the prefix after 7 days, incomplete uploads too) when missing. */
  prepare(signal: AbortSignal): Promise<void>;
  startUpload(key: string, options: { capacityBytes: number }, signal: AbortSignal): Promise<StagedUpload>;
  abortUpload(key: string, uploadId: string, signal: AbortSignal): Promise<void>;
  /** Aborts every upload of a key whose id never became known. */
  abortUploadsOf(key: string, signal: AbortSignal): Promise<void>;
  delete(key: string, signal: AbortSignal): Promise<void>;
  head(key: string, signal: AbortSignal): Promise<{ bytes: number } | null>;
  /** The bytes of a staged object, in memory a few MiB at a time. */
  read(key: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Digest sets, which lie outside of what expires. */
  readonly digests: DigestStore;
  deleteDigests(keys: readonly string[], signal: AbortSignal): Promise<void>;
  /** Every object of one digest set. */
  deleteDigestsUnder(prefix: string, signal: AbortSignal): Promise<void>;
}

export interface ImportTask {
  taskId: string;
  state: 'active' | 'completed' | 'failed';
  /** 0–100 or null when AWS does not say. */
  percent: number | null;
  /** AWS's own words. */
  message: string;
  snapshotIds: string[];
  imageId: string | null;
}

export interface Snapshots {
  /**
   * The same token gives the same task. @throws `made-before` when the token's task was made of something else: what
   * `madeOf` says of the bytes, or what else the import is made of
   */
  startImport(
    input: {
      bucket: string;
      key: string;
      description: string;
      token: string;
      /** What the staged bytes are, such as their root hash: the same key may hold other bytes. */
      madeOf: string;
      tags: Record<string, string>;
      /** Null: as the account's own default says. */
      encryption?: { encrypted: true; kmsKeyArn?: string | undefined } | null;
    },
    signal: AbortSignal,
  ): Promise<string>;
  /** One call for all tasks asked about. */
  importTasks(taskIds: string[], signal: AbortSignal): Promise<Map<string, ImportTask>>;
  cancelImport(taskId: string, signal: AbortSignal): Promise<void>;
  /** The import task that was started with this token, for a row whose task id never became known. `startImport` puts the token on the task as tag `landfall:token`. */
  findImportByToken(token: string, signal: AbortSignal): Promise<string | null>;
  tag(ids: string[], tags: Record<string, string>, signal: AbortSignal): Promise<void>;
  delete(snapshotId: string, signal: AbortSignal): Promise<void>;
  find(tags: Record<string, string>, signal: AbortSignal): Promise<string[]>;
}

export interface ImageDisk {
  snapshotId: string;
  order: number;
}

export interface ImageInfo {
  imageId: string;
  name: string;
  state: string;
  /** Why it is not available, in AWS's words. */
  reason: string | null;
  snapshotIds: string[];
  tags: Record<string, string>;
}

export interface Images {
  /** RegisterImage, x86_64, hvm. A name that is taken by the same snapshots gives that image back. */
  register(
    input: {
      name: string;
      description: string;
      firmware: 'bios' | 'uefi';
      disks: ImageDisk[];
      tags: Record<string, string>;
    },
    signal: AbortSignal,
  ): Promise<string>;
  /** ImportImage from the snapshots; answers the task's id. The same token gives the same task; `made-before` as in Snapshots. */
  startImport(
    input: {
      description: string;
      firmware: 'bios' | 'uefi';
      platform: 'Windows' | 'Linux';
      license: 'aws' | 'byol';
      disks: ImageDisk[];
      token: string;
      tags: Record<string, string>;
    },
    signal: AbortSignal,
  ): Promise<string>;
  importTasks(taskIds: string[], signal: AbortSignal): Promise<Map<string, ImportTask>>;
  cancelImport(taskId: string, signal: AbortSignal): Promise<void>;
  /** As in Snapshots. */
  findImportByToken(token: string, signal: AbortSignal): Promise<string | null>;
  /** Our own image of this name, for a row whose id never became known. */
  findByName(name: string, signal: AbortSignal): Promise<string | null>;
  /** State, snapshots and tags of images; those that are gone are left out. */
  describe(imageIds: string[], signal: AbortSignal): Promise<Map<string, ImageInfo>>;
  /** Deregisters; a missing image is fine. */
  deregister(imageId: string, signal: AbortSignal): Promise<void>;
}

export interface ImageCopies {
  /**
   * Lets an account launch an AMI of this target's account, and copy it: the image and each of its snapshots. Doing it again changes
   * nothing. @throws `image-not-shareable` where AWS's own key for EBS encrypts it
   */
  share(imageId: string, account: string, signal: AbortSignal): Promise<void>;
  /**
   * CopyImage of an AMI that this account may use into this target's Region; answers the id of the copy, which is pending. The same token gives the
   * same copy. The tags are put on the copy and on its snapshots.
   */
  copy(
    input: {
      from: { imageId: string; region: string };
      name: string;
      description: string;
      token: string;
      /** Null: as the AMI is, and as the account's own default says. */
      encryption: { kmsKeyArn: string | null } | null;
      tags: Record<string, string>;
    },
    signal: AbortSignal,
  ): Promise<string>;
  /** The account's own images with these tags. */
  find(tags: Record<string, string>, signal: AbortSignal): Promise<string[]>;
}

/** What of a target is reached in any Region of its account. */
export type InRegion = Pick<AwsTarget, 'images' | 'copies' | 'snapshots'>;

export interface InstanceTypeChoice {
  name: string;
  vcpus: number;
  memoryMiB: number;
  architectures: string[];
  bootModes: string[];
  ena: string;
  /** Nitro types give their disks as NVMe devices; those of Xen do not. */
  nitro: boolean;
  /** False for what AWS calls a previous generation. */
  current: boolean;
  /** EBS volumes beside one network interface; null when AWS does not say. */
  volumes: number | null;
  /** Availability Zones of the Region that offer it; null when that could not be asked. */
  zones: string[] | null;
}

export interface LaunchableImage {
  architecture: 'x86_64' | 'i386' | 'arm64';
  /** Null where the image leaves it to the instance type. */
  bootMode: 'legacy-bios' | 'uefi' | 'uefi-preferred' | null;
  /** False: it starts on no type that needs ENA. */
  ena: boolean;
  windows: boolean;
  volumes: {
    device: string;
    snapshotId: string | null;
    sizeGiB: number;
    type: VolumeType;
    iops: number | null;
    deleteOnTermination: boolean;
    isRoot: boolean;
  }[];
}

export interface Instances {
  launch(input: LaunchInput, signal: AbortSignal): Promise<string>;
  /** DryRun of the same call: null when it would be taken, else AWS's words. */
  rehearse(input: LaunchInput, signal: AbortSignal): Promise<string | null>;
  describe(instanceIds: string[], signal: AbortSignal): Promise<Map<string, InstanceState>>;
  terminate(instanceId: string, signal: AbortSignal): Promise<void>;
  /**
   * Asks EC2 to stop an instance and returns before it has stopped: `describe` tells. One that is stopped, terminated or
   * gone is fine. @throws `aws-fault`, retry later, while it is pending: EC2 does not stop it then
   */
  stop(instanceId: string, signal: AbortSignal): Promise<void>;
  consoleOutput(instanceId: string, signal: AbortSignal): Promise<{ text: string; at: string | null }>;
  types(signal: AbortSignal): Promise<InstanceTypeChoice[]>;
  networks(signal: AbortSignal): Promise<{
    vpcs: { id: string; name: string; cidr: string; isDefault: boolean }[];
    subnets: { id: string; vpcId: string; name: string; cidr: string; zone: string; publicByDefault: boolean }[];
    securityGroups: { id: string; vpcId: string; name: string; description: string }[];
    keyPairs: string[];
  }>;
  /** What decides how an image can be launched. @throws `not-found` */
  image(imageId: string, signal: AbortSignal): Promise<LaunchableImage>;
}

export interface AwsTarget {
  staging: Staging;
  snapshots: Snapshots;
  ebs: EbsDirect;
  images: Images;
  copies: ImageCopies;
  instances: Instances;
  /** The same account in another Region, at that Region's public address unless the target's is not AWS's. */
  inRegion(region: string): InRegion;
  /** STS GetCallerIdentity. */
  identity(signal: AbortSignal): Promise<{ account: string; arn: string }>;
  /** Tries each right of the console by name. Ends with the signal: what could not be tried by then says so. */
  tryRights(options: TrialOptions, signal: AbortSignal): Promise<Trials>;
  close(): void;
}
