// Anything we make outside our database. The ledger holds a row before the thing is made. Pure.
import { z } from 'zod';

const CONNECTOR_ARTIFACTS = ['vsphere-snapshot', 'nfc-lease', 's3-upload', 's3-object', 'digest-set'] as const;
const CLOUD_ARTIFACTS = [
  'import-snapshot-task',
  'ebs-snapshot',
  'import-image-task',
  'image',
  'image-copy',
  'instance',
] as const;

export const artifactKindSchema = z.enum([...CONNECTOR_ARTIFACTS, ...CLOUD_ARTIFACTS]);
export type ArtifactKind = z.infer<typeof artifactKindSchema>;

/** Who releases what: the connector all that only it can reach. Uploads and staged objects can be released from both sides. */
export function releasedBy(kind: ArtifactKind): 'connector' | 'cloud' {
  return kind === 'vsphere-snapshot' || kind === 'nfc-lease' ? 'connector' : 'cloud';
}

/**
 * declared: the row stands, the thing may or may not exist; created: it exists under `externalId`;
 * released: it is gone, or was never made.
 */
export const artifactStateSchema = z.enum(['declared', 'created', 'released']);
export type ArtifactState = z.infer<typeof artifactStateSchema>;

export const artifactSchema = z.object({
  id: z.string(),
  kind: artifactKindSchema,
  state: artifactStateSchema,
  /** Idempotency token: the same token never makes a second thing. */
  token: z.string(),
  externalId: z.string().nullable(),
  fence: z.number().int(),
  diskId: z.string().nullable(),
  /** What is needed to find and release it: bucket, key, server, session… */
  details: z.record(z.string(), z.string()),
});
export type Artifact = z.infer<typeof artifactSchema>;
