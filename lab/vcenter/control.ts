// What a test, or a person with curl, may do to the lab's vCenter from behind.
import { z } from 'zod';
import { folderModes } from '../world/world.ts';
import type { Center } from './center.ts';
import { diskCalls } from './control-disks.ts';
import { writeMarker } from './marker.ts';
import { setPower } from './power.ts';
import type { VcenterServer } from './server.ts';
import { removeSnapshots, takeSnapshot } from './snapshots.ts';
import type { VmState } from './state.ts';
import { setChangeTracking } from './tracking.ts';

export type ControlCalls = Record<string, (input: unknown) => Promise<unknown>>;

const vmOnly = z.object({ vm: z.string() });
const hashed = z.object({
  vm: z.string(),
  disk: z.number().int().default(0),
  snapshot: z.string().optional(),
  /** False leaves out the list of blocks. */
  blocks: z.boolean().default(true),
});
const settable = z
  .object({
    sessionIdleSeconds: z.number().positive(),
    leaseTimeoutSeconds: z.number().int().positive(),
    taskMilliseconds: z.number().min(0),
    shutdownMilliseconds: z.number().min(0),
    pageLimit: z.number().int().min(0),
    xmlStyle: z.enum(['typed-xsi', 'odd-prefixes']),
    guestWritesPerSecond: z.number().int().min(0),
    keepHashes: z.boolean(),
    trackingNeedsSecondStun: z.boolean(),
    changedAreasPerPage: z.number().int().positive(),
    changedAreasPageBytes: z.number().int().min(0),
    changedAreasSeed: z.string(),
    changedAreasFalsePercent: z.number().min(0).max(100),
    changedAreasOfStar: z.enum(['allocated', 'everything', 'fails']),
    folderMode: z.enum(folderModes),
  })
  .partial()
  .strict();
const vmChanges = z
  .object({
    tools: z.enum(['running', 'notRunning', 'notInstalled']),
    vmdkLayout: z.enum(['tables-in-front', 'directory-at-end']),
    consolidationNeeded: z.boolean(),
    iso: z.object({ path: z.string(), connected: z.boolean() }).nullable(),
    changeTracking: z.boolean(),
    shutdown: z.enum(['accepted', 'refused', 'never-ends']),
    question: z.string().min(1).nullable(),
    removal: z.enum(['consolidates', 'leaves-files', 'fails-leaving-files']),
    folderMode: z.enum(folderModes),
  })
  .partial()
  .extend({ vm: z.string() })
  .strict();

/** The calls by name, as `lab/control` offers them under `/vcenter/<name>`. Each throws when its input is wrong. */
export function vcenterControl(center: Center, server: VcenterServer): ControlCalls {
  return {
    ...diskCalls(center),
    hash: async (input) => {
      const { vm, disk, snapshot, blocks } = hashed.parse(input);
      const found = await center.disks.hash(center.vm(vm), disk, snapshot);
      return blocks ? found : { ...found, blocks: undefined };
    },
    snapshots: async (input) => {
      const vm = center.vm(vmOnly.parse(input).vm);
      return { snapshots: vm.snapshots.map(({ vm: _vm, ...snapshot }) => snapshot) };
    },
    power: async (input) => {
      const shape = z.object({ vm: z.string(), on: z.boolean().optional(), suspended: z.literal(true).optional() });
      const { vm, on, suspended } = shape.parse(input);
      if ((on === undefined) === (suspended === undefined)) throw new Error('Either on or suspended must be given');
      await setPower(center, center.vm(vm), suspended ? 'suspended' : on ? 'poweredOn' : 'poweredOff');
      return {};
    },
    marker: async (input) => {
      const { vm, text } = z.object({ vm: z.string().optional(), text: z.string() }).parse(input);
      return writeMarker(center, vm, text);
    },
    down: async (input) => {
      await server.down(z.object({ seconds: z.number().positive().optional() }).parse(input).seconds);
      return {};
    },
    up: async () => {
      await server.up();
      return {};
    },
    'expire-sessions': async () => ({ ended: center.sessions.endAll() }),
    privileges: async (input) => {
      center.settings.missingPrivileges = z.object({ missing: z.array(z.string()) }).parse(input).missing;
      return {};
    },
    password: async (input) => {
      center.settings.password = z.object({ password: z.string() }).parse(input).password;
      return {};
    },
    settings: async (input) => {
      Object.assign(center.settings, settable.parse(input));
      const { password: _password, ...settings } = center.settings;
      return settings;
    },
    vm: async (input) => {
      const { vm, consolidationNeeded, iso, changeTracking, question, ...changes } = vmChanges.parse(input);
      const found = center.vm(vm);
      Object.assign(found.vm, changes);
      if (changeTracking !== undefined) setChangeTracking(found, changeTracking);
      if (question !== undefined) found.vm.question = question ?? undefined;
      if (iso !== undefined) found.vm.iso = iso ?? undefined;
      if (consolidationNeeded !== undefined) found.consolidationNeeded = consolidationNeeded;
      center.save();
      return {};
    },
    datastore: async (input) => {
      const { name, freeGiB } = z.object({ name: z.string(), freeGiB: z.number().min(0) }).parse(input);
      const stores = center.state.world.datacenters.flatMap((one) => one.datastores).filter((one) => one.name === name);
      if (stores.length === 0) throw new Error(`There is no datastore ${name}`);
      for (const store of stores) store.freeGiB = freeGiB;
      center.save();
      return {};
    },
    'foreign-snapshot': async (input) => {
      const shape = vmOnly.extend({ name: z.string().default('by hand'), remove: z.boolean().default(false) });
      const { vm, name, remove } = shape.parse(input);
      const found = center.vm(vm);
      if (!remove) {
        const taken = await takeSnapshot(center, found, { name, description: '', quiesce: false });
        return { snapshot: taken.id };
      }
      const ids = found.snapshots.filter((snapshot) => snapshot.name === name).map((snapshot) => snapshot.id);
      await removeSnapshots(center, found, ids);
      return {};
    },
    requests: async (input) => {
      const { reset } = z.object({ reset: z.boolean().default(false) }).parse(input);
      const report = center.traffic.report();
      if (reset) center.traffic.reset();
      return report;
    },
    vms: async () => ({ vms: center.state.vms.map(describeVm) }),
    state: async () => ({
      up: server.isUp,
      sessions: center.sessions.all().length,
      snapshots: center.state.vms.flatMap((vm) =>
        vm.snapshots.map(({ id, name, description }) => ({ vm: vm.vm.id, id, name, description })),
      ),
      leases: center.leases
        .all()
        .filter((lease) => lease.state === 'initializing' || lease.state === 'ready')
        .map((lease) => ({
          vm: lease.vm.vm.id,
          snapshot: lease.view,
          state: lease.state,
          claimedPercent: lease.claimedPercent,
          servedPercent: lease.task.progress,
        })),
      tasks: center.tasks
        .all()
        .filter((task) => !task.completedAt)
        .map((task) => ({ id: task.id, name: task.name, vm: task.entity.value, progress: task.progress })),
    }),
  };
}

function describeVm({ vm, snapshots }: VmState) {
  const { id, name, power, guestId, firmware, cpus, memoryMiB, vmdkLayout } = vm;
  const disks = vm.disks.map(({ capacityBytes, mode }) => ({ capacityBytes, mode }));
  return { id, name, power, guestId, firmware, cpus, memoryMiB, vmdkLayout, disks, snapshots: snapshots.length };
}
