// What the lab's EC2 remembers beside the snapshots, in JSON files that survive kill -9.
import { join } from 'node:path';
import type { PacedContext, Timers } from '../pace.ts';
import { RecordFiles, readJson, writeJson } from '../persisted.ts';
import type { AwsRequest } from '../service.ts';
import type { SnapshotStore } from '../snapshots/store.ts';
import type { Parameters, Xml } from './query.ts';

export type Tags = Record<string, string>;

export interface DiskMapping {
  deviceName: string;
  snapshotId?: string;
  /** GiB. */
  volumeSize: number;
  volumeType: string;
  iops?: number;
  throughput?: number;
  deleteOnTermination: boolean;
  encrypted: boolean;
  kmsKeyId?: string;
}

export interface ImageRecord {
  id: string;
  name: string;
  description: string;
  architecture: string;
  virtualizationType: string;
  bootMode?: string;
  enaSupport: boolean;
  tpmSupport?: string;
  imdsSupport?: string;
  sriovNetSupport?: string;
  rootDeviceName: string;
  mappings: DiskMapping[];
  /** `windows` only for what ImportImage made of a Windows guest. */
  platform?: string;
  platformDetails: string;
  usageOperation: string;
  /** ISO. */
  creationDate: string;
  tags: Tags;
  origin: 'register' | 'import' | 'copy';
  /** Left out: available. */
  state?: 'pending' | 'failed';
  stateReason?: { code: string; message: string };
  /** Accounts that may launch and copy it beside its own. */
  sharedWith?: string[];
  /** Of a copy: what it is made of, and where that is. */
  copyOf?: { account: string; region: string; imageId: string };
  clientToken?: string;
  fingerprint?: string;
}

export interface ImportTask {
  id: string;
  kind: 'snapshot' | 'image';
  status: 'active' | 'completed' | 'deleting' | 'deleted';
  statusMessage?: string;
  /** Percent; left out when the task is at its end. */
  progress?: number;
  description: string;
  clientToken?: string;
  fingerprint: string;
  encrypted: boolean;
  kmsKeyId?: string;
  tags: Tags;
  /** ISO. */
  created: string;
  /** What the task went through, for `importLog`. */
  log: { at: string; text: string }[];
  /** ImportSnapshot: what is read, and what came of it. */
  disk?: { format: string; bucket: string; key: string; url?: string; description: string; imageSize?: number };
  snapshotId?: string;
  /** ImportImage. */
  image?: {
    architecture: string;
    platform?: string;
    licenseType?: string;
    usageOperation?: string;
    bootMode?: string;
    disks: { deviceName?: string; snapshotId: string; description: string; made?: string }[];
    imageId?: string;
  };
}

export interface VolumeRecord {
  id: string;
  instanceId: string;
  deviceName: string;
  size: number;
  volumeType: string;
  iops?: number;
  throughput?: number;
  snapshotId?: string;
  encrypted: boolean;
  kmsKeyId?: string;
  deleteOnTermination: boolean;
  availabilityZone: string;
  state: 'in-use' | 'available';
  /** ISO. */
  created: string;
  tags: Tags;
}

export interface LaunchTemplateRecord {
  id: string;
  name: string;
  /** ISO. */
  created: string;
  clientToken?: string;
  fingerprint: string;
  defaultVersion: number;
  /** Ascending. The fields are those of a launch, as they stand on the wire. */
  versions: { number: number; created: string; description: string; fields: Record<string, string> }[];
  tags: Tags;
}

export interface KeyPairRecord {
  id: string;
  name: string;
  fingerprint: string;
  type: string;
  /** OpenSSH's form; the keys that the account was born with have none. */
  publicKey?: string;
  /** ISO. */
  created: string;
  tags: Tags;
}

export type InstanceStateName = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

export interface InstanceRecord {
  id: string;
  reservationId: string;
  imageId: string;
  instanceType: string;
  state: InstanceStateName;
  /** Reached by itself after a while. */
  stateReason?: { code: string; message: string };
  transitionReason: string;
  keyName?: string;
  subnetId: string;
  vpcId: string;
  availabilityZone: string;
  groups: { id: string; name: string }[];
  privateIp: string;
  publicIp?: string;
  interface?: { description: string; tags: Tags };
  monitoring?: boolean;
  /** Of a burstable type. */
  cpuCredits?: string;
  ebsOptimized?: boolean;
  interfaceId: string;
  macAddress: string;
  launchIndex: number;
  /** ISO. */
  launchTime: string;
  architecture: string;
  virtualizationType: string;
  bootMode?: string;
  platform?: string;
  platformDetails: string;
  usageOperation: string;
  rootDeviceName: string;
  volumeIds: string[];
  userData?: string;
  instanceProfile?: string;
  httpTokens: string;
  httpEndpoint?: string;
  httpHops?: number;
  clientToken?: string;
  fingerprint?: string;
  shutdownBehavior: string;
  /** How the instance lives in the lab. */
  guest: 'qemu' | 'simulated' | 'refused';
  /** What the lab itself says in the console, before the guest's own output. */
  consoleNote: string;
  /** Whether the guest gave a sign of life since it was started. */
  alive: boolean;
  /** ISO; when it was last started. */
  started: string;
  tags: Tags;
}

/** Of these there are few. Images and tasks become more with every run. */
interface State {
  volumes: Record<string, VolumeRecord>;
  instances: Record<string, InstanceRecord>;
  /** Tags of the network that the lab was born with. */
  fixtureTags: Record<string, Tags>;
  keyPairs: Record<string, KeyPairRecord>;
  launchTemplates: Record<string, LaunchTemplateRecord>;
  /** Of the key pairs that the lab was born with. */
  deletedKeys: string[];
  settings: Settings;
}

export interface Settings {
  /** Roles that VM Import may take; another name is refused. */
  roles: string[];
  /** Conversion tasks that may be active at a time. */
  importTasks: number;
}

export class Ec2State {
  readonly #path: string;
  readonly #state: State;
  readonly #images: RecordFiles<ImageRecord>;
  readonly #tasks: RecordFiles<ImportTask>;

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'ec2', 'state.json');
    this.#images = new RecordFiles(join(dataDir, 'ec2', 'images'));
    this.#tasks = new RecordFiles(join(dataDir, 'ec2', 'tasks'));
    this.#state = {
      volumes: {},
      instances: {},
      fixtureTags: {},
      keyPairs: {},
      launchTemplates: {},
      deletedKeys: [],
      ...readJson<State>(this.#path),
      settings: {
        roles: ['vmimport'],
        importTasks: 20,
        ...readJson<State>(this.#path)?.settings,
      },
    };
  }

  get images(): Readonly<Record<string, ImageRecord>> {
    return this.#images.all;
  }
  get tasks(): Readonly<Record<string, ImportTask>> {
    return this.#tasks.all;
  }
  get volumes(): Record<string, VolumeRecord> {
    return this.#state.volumes;
  }
  get instances(): Record<string, InstanceRecord> {
    return this.#state.instances;
  }
  get fixtureTags(): Record<string, Tags> {
    return this.#state.fixtureTags;
  }
  get keyPairs(): Record<string, KeyPairRecord> {
    return this.#state.keyPairs;
  }
  get launchTemplates(): Record<string, LaunchTemplateRecord> {
    return this.#state.launchTemplates;
  }
  get deletedKeys(): string[] {
    return this.#state.deletedKeys;
  }
  get settings(): Settings {
    return this.#state.settings;
  }

  /** Everything but images and tasks. */
  save(): void {
    writeJson(this.#path, this.#state);
  }

  saveImage(image: ImageRecord): void {
    this.#images.save(image);
  }

  removeImage(id: string): void {
    this.#images.remove(id);
  }

  saveTask(task: ImportTask): void {
    this.#tasks.save(task);
  }
}

/** What every part of the lab's EC2 works with. */
export interface Ec2 {
  context: PacedContext;
  snapshots: SnapshotStore;
  state: Ec2State;
  timers: Timers;
  /** Those of all accounts and Regions, by `account/region`: what is shared or copied comes from another one. */
  everywhere: Map<string, Ec2>;
}

/** One operation of the query API. */
export type Action = (
  parameters: Parameters,
  request: AwsRequest,
) => Promise<{ [name: string]: Xml }> | { [name: string]: Xml };
