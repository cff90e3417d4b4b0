// What the lab knows of an EBS snapshot beside its blocks. Others take it from store.ts.

export type SnapshotState = 'pending' | 'completed' | 'error';

export interface SnapshotRecord {
  id: string;
  /** GiB. */
  volumeSize: number;
  state: SnapshotState;
  stateMessage?: string;
  /** CompleteSnapshot was accepted; completion follows by itself. */
  completing?: boolean;
  /** Percent, as DescribeSnapshots shows it. */
  progress: number;
  /** ParentSnapshotId as the client gave it. */
  parent?: string;
  /** The layer beneath: unwritten blocks are read from it. A copy lies over its original without being its child. */
  below?: string;
  /** Snapshots of one lineage can be compared with ListChangedBlocks. */
  lineage: string;
  tags: Record<string, string>;
  encrypted: boolean;
  kmsKeyId?: string;
  clientToken?: string;
  /** What the client token stands for; the same token with another fingerprint is a conflict. */
  fingerprint?: string;
  description: string;
  owner: string;
  volumeId: string;
  /** ISO. */
  startTime: string;
  completionTime?: string;
  /** Inactivity after which a pending snapshot turns to error; only of EBS direct. */
  timeoutMinutes?: number;
  /** Being filled by an import; not yet visible. */
  hidden?: boolean;
  /** Accounts that may read it beside its own. */
  sharedWith?: string[];
  /** Deleted, kept only because another snapshot reads through it. */
  deleted?: boolean;
}

export type NewSnapshot = Pick<SnapshotRecord, 'volumeSize' | 'description'> & Partial<Omit<SnapshotRecord, 'id'>>;
