// What the account says about EBS (encryption, default key), and what a test wants AWS to refuse or to be late with.
// Kept in ebs-settings.json.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { LabAwsContext } from '../context.ts';
import { readJson, writeJson } from '../persisted.ts';

/** What the control call `snapshotSettings` may set. */
export const snapshotSettings = z
  .object({
    /** Of snapshots that come into being from now on, requests say for so long that they do not exist. */
    notFoundMs: z.number().min(0),
    /** Only every n-th request about such a fresh snapshot does; 1 is every one. */
    notFoundEvery: z.number().int().positive(),
    /** StartSnapshot refuses every parent, or these. */
    refuseParents: z.union([z.boolean(), z.array(z.string())]),
    /** Keys that cannot be used: refused by StartSnapshot, and what ImportSnapshot's task fails with. */
    unusableKeys: z.array(z.string()),
    /** The account's quota of pending snapshots. */
    pendingSnapshots: z.number().int().min(0),
  })
  .strict();

export type SnapshotSettings = z.infer<typeof snapshotSettings>;

interface Kept extends SnapshotSettings {
  encryptionByDefault: boolean;
  /** As it was given: an id, an alias or an ARN. */
  defaultKmsKeyId?: string;
}

const atFirst: Kept = {
  encryptionByDefault: false,
  notFoundMs: 0,
  notFoundEvery: 1,
  refuseParents: false,
  unusableKeys: [],
  pendingSnapshots: 100,
};

export class EbsSettings {
  readonly #context: LabAwsContext;
  readonly #path: string;
  #kept: Kept;

  constructor(context: LabAwsContext) {
    this.#context = context;
    this.#path = join(context.dataDir, 'ebs-settings.json');
    this.#kept = { ...atFirst, ...readJson<Kept>(this.#path) };
  }

  get now(): Readonly<Kept> {
    return this.#kept;
  }

  change(changes: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...changes };
    writeJson(this.#path, this.#kept);
  }

  /** ARN of the key that is used where a request names none. */
  get defaultKey(): string {
    const chosen = this.#kept.defaultKmsKeyId;
    if (chosen?.startsWith('arn:')) return chosen;
    if (chosen === undefined) return this.managedKey;
    if (!chosen.startsWith('alias/')) return this.#key(chosen);
    const hex = createHash('sha256').update(chosen).digest('hex');
    return this.#key(`${hex.slice(0, 8)}-0000-4000-8000-${hex.slice(8, 20)}`);
  }

  /** ARN of the key that AWS makes for EBS in every account (alias/aws/ebs): nobody else can be let at it. */
  get managedKey(): string {
    return this.#key('0ebs0000-0000-4000-8000-000000000001');
  }

  #key(id: string): string {
    const { account, region } = this.#context;
    return `arn:aws:kms:${region}:${account}:key/${id}`;
  }
}
