// Control calls of the lab's EC2, for tests and for lab/control: what happened in the lab, told without AWS's API.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { LabAwsPart } from '../context.ts';
import { snapshotSettings } from '../snapshots/settings.ts';
import type { Guests } from './guests.ts';
import type { Ec2, Settings } from './state.ts';

const OTHER_ACCOUNT = '123456789012';

export function controlCalls(ec2: Ec2, guests: Guests): LabAwsPart['control'] {
  const { state, snapshots } = ec2;
  return {
    /** Every snapshot with its state, tags, parent and the number of blocks that it holds itself. */
    async snapshots() {
      return snapshots.list().map(({ fingerprint: _, ...record }) => ({
        ...record,
        ownBlocks: snapshots.file(record.id).count(),
      }));
    },

    /**
     * `{ snapshotId, length? }` → SHA-256 (hex) of every 512 KiB block, ascending, and `digest`, the SHA-256 over the raw digests
     * of them all. `length` (bytes of the source's disk) leaves out the zeros that fill the volume up to a whole GiB.
     */
    async snapshotHash(input: { snapshotId: string; length?: number }) {
      return snapshots.hash(input.snapshotId, input.length);
    },

    /** `{ notFoundMs?, notFoundEvery?, refuseParents?, unusableKeys?, pendingSnapshots? }` → the settings after the change. */
    async snapshotSettings(input?: unknown) {
      snapshots.settings.change(snapshotSettings.partial().parse(input ?? {}));
      return snapshots.settings.now;
    },

    /** `{ volumeSize?, encrypted? }` → `{ snapshotId }`: a completed snapshot of another account, shared with this one. */
    async sharedSnapshot(input?: unknown) {
      const shape = z.object({
        volumeSize: z.number().int().positive().default(1),
        encrypted: z.boolean().default(false),
      });
      const { volumeSize, encrypted } = shape.parse(input ?? {});
      const owner = ec2.context.account === OTHER_ACCOUNT ? '210987654321' : OTHER_ACCOUNT;
      const key = `arn:aws:kms:${ec2.context.region}:${owner}:key/00000000-0000-4000-8000-000000000002`;
      const record = snapshots.create({
        volumeSize,
        description: 'shared by another account',
        owner,
        state: 'completed',
        progress: 100,
        encrypted,
        ...(encrypted ? { kmsKeyId: key } : {}),
      });
      await snapshots.file(record.id).seal();
      return { snapshotId: record.id };
    },

    /** `{ snapshotId, index }`: the block is silently another one from now on, as when a disk at AWS goes wrong. */
    async damageBlock(input?: unknown) {
      const shape = z.object({ snapshotId: z.string(), index: z.number().int().nonnegative() });
      const { snapshotId, index } = shape.parse(input ?? {});
      const bytes = await snapshots.read(snapshotId, index);
      if (!bytes) throw new Error(`${snapshotId} holds no block ${index}`);
      bytes[0] = (bytes[0] ?? 0) ^ 0xff;
      const sha256 = createHash('sha256').update(bytes).digest();
      await snapshots.file(snapshots.layerOf(snapshotId, index) ?? snapshotId).writeBlock(index, bytes, sha256);
      return { snapshotId, index };
    },

    async images() {
      return Object.values(state.images);
    },

    /** Instances with what lies behind them (`guest`: qemu, simulated or refused) and the text of their console. */
    async instances() {
      return Promise.all(
        Object.values(state.instances).map(async ({ fingerprint: _, ...instance }) => ({
          ...instance,
          console:
            instance.state === 'pending'
              ? ''
              : (await guests.console(state.instances[instance.id] ?? instance)).text.toString('latin1'),
        })),
      );
    },

    async tasks() {
      return Object.values(state.tasks).map(({ fingerprint: _, log: __, ...task }) => task);
    },

    /** `{ taskId? }` → what import tasks went through, oldest first. */
    async importLog(input?: { taskId?: string }) {
      return Object.values(state.tasks)
        .filter(({ id }) => !input?.taskId || id === input.taskId)
        .flatMap(({ id, log }) => log.map((entry) => ({ taskId: id, ...entry })))
        .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    },

    /** `{ roles?, importTasks? }` → the settings after the change. */
    async ec2Settings(input?: Partial<Settings>) {
      Object.assign(state.settings, input ?? {});
      state.save();
      return state.settings;
    },
  };
}
