// Words for runs, the same everywhere. Pure.
import type { ArtifactKind, ArtifactState } from '../../../replication/model/artifact.ts';
import type { CopyMode } from '../../../replication/model/baseline.ts';
import type { RunType } from '../../../replication/model/run.ts';
import type { ListedRun } from './types.ts';

export const TYPE_LABELS: Record<RunType, string> = { automatic: 'Automatic', 'on-demand': 'On demand' };

/** Why a run is pending: until a place is free, or until something that it needs is there. */
export const QUEUE_CHOICES = [
  { value: 'queued', label: 'Queued' },
  { value: 'waiting', label: 'Waiting for something' },
];

export const ARTIFACT_LABELS: Record<ArtifactKind, string> = {
  'vsphere-snapshot': 'Source snapshot',
  'nfc-lease': 'Export lease',
  's3-upload': 'Upload to S3',
  's3-object': 'Staged disk in S3',
  'digest-set': 'Digests of a disk in S3',
  'import-snapshot-task': 'Snapshot import task',
  'ebs-snapshot': 'EBS snapshot',
  'import-image-task': 'VM Import task',
  image: 'AMI',
  'image-copy': 'Copy of the AMI',
  instance: 'Instance',
};

export const ARTIFACT_STATES: Record<ArtifactState, { type: 'pending' | 'success' | 'stopped'; label: string }> = {
  declared: { type: 'pending', label: 'Being made' },
  created: { type: 'success', label: 'Exists' },
  released: { type: 'stopped', label: 'Removed' },
};

export const TRANSPORT_LABELS = {
  nfc: 'NFC export (stream-optimized VMDK over HTTPS)',
  folder: 'Datastore files over HTTPS, by range',
  nbd: 'NBD',
} as const;

/** What was read of a disk, and what was sent. */
export const COPY_MODE_LABELS: Record<CopyMode, string> = {
  full: 'Full copy',
  compared: 'Read whole, sent what differs',
  delta: 'Delta',
};

/** One word for a whole run, for tables. */
export const COPY_LABELS: Record<NonNullable<ListedRun['copyMode']>, string> = {
  full: 'Full',
  compared: 'Compared',
  delta: 'Delta',
  mixed: 'Mixed',
};
