// What the lab's S3 remembers: buckets, objects, uploads and their parts, as they are written to disk.

export const ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** A span of one data file. An object is a list of them, so that parts and copies need not be moved. */
export interface Segment {
  file: string;
  start: number;
  length: number;
}

export interface Encryption {
  algorithm: 'AES256' | 'aws:kms' | 'aws:kms:dsse';
  kmsKeyId?: string;
  bucketKey?: boolean;
}

/** What a client says about an object when it makes it. */
export interface ObjectTraits {
  /** Lower-case header names, `content-type`, `x-amz-meta-…` and their like. */
  headers: Record<string, string>;
  storageClass: string;
  encryption: Encryption;
  tags: Record<string, string>;
}

export interface StoredObject extends ObjectTraits {
  key: string;
  size: number;
  /** Without quotes. */
  etag: string;
  /** ISO 8601. */
  modified: string;
  checksum: { algorithm: Algorithm; type: ChecksumType; value: string };
  segments: Segment[];
  /** Only for an object made of parts. */
  parts?: { number: number; size: number; checksum?: string }[];
}

export interface Part {
  number: number;
  size: number;
  etag: string;
  modified: string;
  /** Base64. */
  checksums: Partial<Record<Algorithm, string>>;
  segments: Segment[];
}

export interface UploadRecord extends ObjectTraits {
  id: string;
  bucket: string;
  key: string;
  initiated: string;
  /** Who began it. */
  initiator: string;
  checksum: { algorithm: Algorithm; type: ChecksumType /** False when the client named none. */; explicit: boolean };
}

export interface Upload extends UploadRecord {
  parts: Map<number, Part>;
}

/** Documents that are put and given back as they are, by the name of their subresource. */
export type SettingName =
  | 'lifecycle'
  | 'encryption'
  | 'publicAccessBlock'
  | 'tagging'
  | 'policy'
  | 'ownershipControls'
  | 'versioning'
  | 'object-lock';

export interface BucketRecord {
  name: string;
  /** The account; that of the lab's first one where it is not said. */
  owner?: string;
  region: string;
  created: string;
  settings: Partial<Record<SettingName, string>>;
}
