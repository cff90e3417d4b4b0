// What every service of the lab's AWS (S3, STS, EC2, EBS direct) is made from.
import type { Readable } from 'node:stream';
import type { FaultRules } from '../faults/rules.ts';
import type { AwsService } from './service.ts';

/** Bytes of a staged object, as EC2's imports read them. `range` is inclusive at both ends, like an HTTP range. */
export interface StagedObjects {
  open(
    bucket: string,
    key: string,
    range?: { start: number; end: number },
  ): Promise<{ size: number; stream: Readable } | undefined>;
  /** Undefined when the bucket does not exist. */
  bucketRegion(bucket: string): string | undefined;
}

export interface LabAwsContext {
  /** The folder of the lab's AWS (`<lab data>/aws`); every service keeps a folder of its own in it. */
  dataDir: string;
  /** Twelve digits. */
  account: string;
  region: string;
  faults: FaultRules;
  log(line: string): void;
  now(): Date;
  /** Whether RunInstances may boot guests under QEMU where it is installed. */
  guestQemu: boolean;
  s3: StagedObjects;
  /** Filled by `openSnapshotStore(context)` in lab/aws/snapshots; EC2 and EBS direct share what is in it. */
  snapshots: unknown;
}

/** What `createEc2`, `createEbs` and their like give back. Control calls are for tests and for the lab's own pages. */
export interface LabAwsPart {
  service: AwsService;
  // biome-ignore lint/suspicious/noExplicitAny: control calls take whatever JSON their caller posts and check it themselves
  control: Record<string, (input: any) => Promise<unknown>>;
  close(): Promise<void>;
}
