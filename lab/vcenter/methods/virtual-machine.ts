// What can be done to a virtual machine: snapshots, power, reconfiguration, consolidation.

import type { PowerState } from '../../world/world.ts';
import { toolsRunning } from '../inventory/virtual-machine.ts';
import { setPower, shutDownSoon, untilAnswered } from '../power.ts';
import { reconfiguration, renaming } from '../reconfiguration.ts';
import { consolidate, removeSnapshots, snapshotRef, takeSnapshot, withDescendants } from '../snapshots.ts';
import { child, flagOf, textOf } from '../soap/element.ts';
import { invalidArgument, invalidPowerState, VimFault } from '../soap/fault.ts';
import { ref, type Value } from '../soap/value.ts';
import type { VmState } from '../state.ts';
import { type Call, demandIdle, type Methods, refArgument, sessionOf } from './method.ts';

const vmOf = (call: Call) => call.center.vm(call.self.value);

export const virtualMachineMethods: Methods = {
  CreateSnapshot_Task: {
    on: 'VirtualMachine',
    privilege: 'VirtualMachine.State.CreateSnapshot',
    handle: (call) => createSnapshot(call, 'CreateSnapshot_Task', flagOf(call.args, 'quiesce')),
  },
  CreateSnapshotEx_Task: {
    on: 'VirtualMachine',
    privilege: 'VirtualMachine.State.CreateSnapshot',
    since: 6.7,
    handle: (call) => createSnapshot(call, 'CreateSnapshotEx_Task', child(call.args, 'quiesceSpec') !== undefined),
  },
  RemoveAllSnapshots_Task: {
    on: 'VirtualMachine',
    privilege: 'VirtualMachine.State.RemoveSnapshot',
    handle: (call) => {
      const vm = vmOf(call);
      return task(call, vm, 'RemoveAllSnapshots_Task', 'VirtualMachine.removeAllSnapshots', async () => {
        await removeSnapshots(
          call.center,
          vm,
          vm.snapshots.map((snapshot) => snapshot.id),
        );
        return undefined;
      });
    },
  },
  ConsolidateVMDisks_Task: {
    on: 'VirtualMachine',
    privilege: 'VirtualMachine.State.RemoveSnapshot',
    handle: (call) => {
      const vm = vmOf(call);
      return task(call, vm, 'ConsolidateVMDisks_Task', 'VirtualMachine.consolidateDisks', async () => {
        await consolidate(call.center, vm);
        return undefined;
      });
    },
  },
  ReconfigVM_Task: {
    on: 'VirtualMachine',
    privilege: 'System.Read',
    handle: (call) => {
      const vm = vmOf(call);
      const spec = child(call.args, 'spec');
      if (!spec) throw invalidArgument('spec');
      const change = reconfiguration(call.center, vm, spec);
      return task(call, vm, 'ReconfigVM_Task', 'VirtualMachine.reconfigure', async () => {
        change();
        call.center.save();
        return undefined;
      });
    },
  },
  Rename_Task: {
    on: 'VirtualMachine',
    privilege: 'VirtualMachine.Config.Rename',
    handle: (call) => {
      const vm = vmOf(call);
      const rename = renaming(call.center, vm, textOf(call.args, 'newName') ?? '');
      return task(call, vm, 'Rename_Task', 'ManagedEntity.rename', async () => {
        rename();
        call.center.save();
        return undefined;
      });
    },
  },
  PowerOnVM_Task: {
    on: 'VirtualMachine',
    privilege: 'VirtualMachine.Interact.PowerOn',
    handle: (call) => power(call, 'PowerOnVM_Task', 'VirtualMachine.powerOn', 'poweredOn'),
  },
  PowerOffVM_Task: {
    on: 'VirtualMachine',
    privilege: 'VirtualMachine.Interact.PowerOff',
    handle: (call) => power(call, 'PowerOffVM_Task', 'VirtualMachine.powerOff', 'poweredOff'),
  },
  SuspendVM_Task: {
    on: 'VirtualMachine',
    privilege: 'VirtualMachine.Interact.Suspend',
    handle: (call) => {
      const { power: now } = vmOf(call).vm;
      if (now !== 'poweredOn') throw invalidPowerState('poweredOn', now);
      return power(call, 'SuspendVM_Task', 'VirtualMachine.suspend', 'suspended');
    },
  },
  ResetVM_Task: {
    on: 'VirtualMachine',
    privilege: 'VirtualMachine.Interact.Reset',
    handle: (call) => {
      const vm = vmOf(call);
      if (vm.vm.power !== 'poweredOn') throw invalidPowerState('poweredOn', vm.vm.power);
      return task(call, vm, 'ResetVM_Task', 'VirtualMachine.reset', async () => {
        await setPower(call.center, vm, 'poweredOff');
        await setPower(call.center, vm, 'poweredOn');
        return undefined;
      });
    },
  },
  MarkAsTemplate: {
    on: 'VirtualMachine',
    privilege: 'VirtualMachine.Provisioning.MarkAsTemplate',
    handle: (call) => {
      const vm = vmOf(call);
      if (vm.vm.power !== 'poweredOff') throw invalidPowerState('poweredOff', vm.vm.power);
      return markAs(call, vm, true);
    },
  },
  /** The pool is the cluster's own: the lab has no other. */
  MarkAsVirtualMachine: {
    on: 'VirtualMachine',
    privilege: 'VirtualMachine.Provisioning.MarkAsVM',
    handle: (call) => {
      if (call.center.get(refArgument(call, 'pool')).ref.type !== 'ResourcePool') throw invalidArgument('pool');
      return markAs(call, vmOf(call), false);
    },
  },
  ShutdownGuest: {
    on: 'VirtualMachine',
    privilege: 'VirtualMachine.Interact.PowerOff',
    handle: (call) => {
      const vm = vmOf(call);
      if (vm.vm.power !== 'poweredOn') throw invalidPowerState('poweredOn', vm.vm.power);
      if (!toolsRunning(vm) || vm.vm.shutdown === 'refused') {
        throw new VimFault(
          'ToolsUnavailable',
          'Cannot complete operation because VMware Tools is not running in this virtual machine.',
        );
      }
      shutDownSoon(call.center, vm);
      return undefined;
    },
  },
  RemoveSnapshot_Task: {
    on: 'VirtualMachineSnapshot',
    privilege: 'VirtualMachine.State.RemoveSnapshot',
    handle: (call) => {
      const { vm, snapshot } = call.center.snapshot(call.self.value);
      const ids = flagOf(call.args, 'removeChildren') ? withDescendants(vm, snapshot.id) : [snapshot.id];
      return task(call, vm, 'RemoveSnapshot_Task', 'vm.Snapshot.remove', async () => {
        await removeSnapshots(call.center, vm, ids, flagOf(call.args, 'consolidate', true));
        return undefined;
      });
    },
  },
  RenameSnapshot: {
    on: 'VirtualMachineSnapshot',
    privilege: 'VirtualMachine.State.RenameSnapshot',
    handle: (call) => {
      const { snapshot } = call.center.snapshot(call.self.value);
      snapshot.name = textOf(call.args, 'name') ?? snapshot.name;
      snapshot.description = textOf(call.args, 'description') ?? snapshot.description;
      call.center.save();
      return undefined;
    },
  },
};

function task(
  call: Call,
  vm: VmState,
  name: string,
  description: string,
  work: () => Promise<Value>,
  attributes: Record<string, string> = {},
): Value {
  demandIdle(call, vm);
  const entity = ref('VirtualMachine', vm.vm.id);
  return call.center.tasks.start(name, description, entity, sessionOf(call).user, work, attributes);
}

function createSnapshot(call: Call, name: string, quiesce: boolean): Value {
  const vm = vmOf(call);
  const title = textOf(call.args, 'name');
  if (!title) throw new VimFault('InvalidName', 'The name of a snapshot must not be empty', { name: '' });
  const quiesced = quiesce && toolsRunning(vm);
  const description = textOf(call.args, 'description') ?? '';
  const work = async () =>
    snapshotRef(await takeSnapshot(call.center, vm, { name: title, description, quiesce: quiesced }));
  return task(call, vm, name, 'VirtualMachine.createSnapshot', work, {
    quiesce: String(quiesced),
    quiesceAsked: String(quiesce),
  });
}

function markAs(call: Call, vm: VmState, template: boolean): Value {
  demandIdle(call, vm);
  if ((vm.vm.template ?? false) === template)
    throw new VimFault('NotSupported', 'The operation is not supported on the object.');
  vm.vm.template = template;
  call.center.save();
  return undefined;
}

function power(call: Call, name: string, description: string, wanted: PowerState): Value {
  const vm = vmOf(call);
  if (vm.vm.power === wanted) throw invalidPowerState(wanted === 'poweredOn' ? 'poweredOff' : 'poweredOn', vm.vm.power);
  // An export does not keep a machine from being switched, other tasks do.
  const busy = call.center.tasks.runningOn(ref('VirtualMachine', vm.vm.id));
  if (busy && !busy.name.startsWith('Export')) demandIdle(call, vm);
  const entity = ref('VirtualMachine', vm.vm.id);
  return call.center.tasks.start(name, description, entity, sessionOf(call).user, async () => {
    if (wanted === 'poweredOn') await untilAnswered(call.center, vm);
    await setPower(call.center, vm, wanted);
    return undefined;
  });
}
