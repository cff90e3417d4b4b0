// A platform as the contract of sources judges it. The tests of each platform fill it in.
import type { Source } from './source.ts';

/** What the platform itself says of one frozen disk: SHA-256 (hex) of each 512 KiB block that is not zeros. */
export type FrozenDisk = { capacityBytes: number; blocks: ReadonlyMap<number, string> };

/** The platform seen from behind: it judges the source, and never uses it. */
export interface SourceHarness {
  /** A source of its own, as another process would have; the harness closes none of them. */
  open(): Source;
  /** Name of every server. */
  servers: readonly string[];
  /** How every path begins, one for each part of the inventory. */
  pathPrefixes: readonly string[];
  /** Servers with at least two disks each, one for every form in which the platform may send disks. */
  withTwoDisks: readonly string[];
  /** Disks can be read at any place. */
  seekable: boolean;
  /** In boot order. */
  frozenDisks(vmId: string, snapshotId: string): Promise<FrozenDisk[]>;
  /** The guest changes all of its disks: data that was there, and places that were empty. */
  guestWrites(vmId: string): Promise<void>;
  /** What is open or left at the platform, made by whomever. */
  leftovers(): Promise<{ snapshots: string[]; exports: number; sessions: number }>;
  close(): Promise<void>;
}
