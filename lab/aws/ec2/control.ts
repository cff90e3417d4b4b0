// Control calls of the lab's EC2, for tests and for lab/control: what happened in the lab, told without AWS's API.
// For lab/aws/ec2 only.
import type { LabAwsPart } from '../context.ts';
import type { Guests } from './guests.ts';
import type { Ec2, Settings } from './state.ts';

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
