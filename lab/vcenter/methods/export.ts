// Exports: leases on snapshots and machines, and the OVF descriptor.
import { snapshotDisks } from '../disks/store.ts';
import { describeOvf } from '../ovf.ts';
import { child, numberOf } from '../soap/element.ts';
import { invalidArgument, invalidPowerState, invalidState } from '../soap/fault.ts';
import { type Call, type Methods, refArgument, sessionOf } from './method.ts';

const leaseOf = (call: Call) => call.center.leases.get(call.self.value);

export const exportMethods: Methods = {
  ExportSnapshot: {
    on: 'VirtualMachineSnapshot',
    privilege: 'VApp.Export',
    since: 5.5,
    handle: (call) => {
      const { vm, snapshot } = call.center.snapshot(call.self.value);
      const disks = [...snapshot.fileNames.keys()].filter((index) => snapshot.fileNames[index] !== undefined);
      if (disks.length === 0) throw invalidState();
      return call.center.leases.open(vm, snapshot.id, disks, sessionOf(call).user);
    },
  },
  ExportVm: {
    on: 'VirtualMachine',
    privilege: 'VApp.Export',
    handle: (call) => {
      const vm = call.center.vm(call.self.value);
      if (vm.vm.power !== 'poweredOff') throw invalidPowerState('poweredOff', vm.vm.power);
      return call.center.leases.open(vm, undefined, snapshotDisks(vm), sessionOf(call).user);
    },
  },
  HttpNfcLeaseProgress: {
    on: 'HttpNfcLease',
    handle: (call) => {
      const percent = numberOf(call.args, 'percent');
      if (percent === undefined || percent < 0 || percent > 100) throw invalidArgument('percent');
      call.center.leases.progress(leaseOf(call), percent);
      return undefined;
    },
  },
  HttpNfcLeaseComplete: {
    on: 'HttpNfcLease',
    handle: (call) => {
      call.center.leases.complete(leaseOf(call));
      return undefined;
    },
  },
  HttpNfcLeaseAbort: {
    on: 'HttpNfcLease',
    handle: (call) => {
      call.center.leases.abort(leaseOf(call));
      return undefined;
    },
  },
  HttpNfcLeaseGetManifest: { on: 'HttpNfcLease', handle: (call) => call.center.leases.manifest(leaseOf(call)) },
  CreateDescriptor: {
    on: 'OvfManager',
    privilege: 'System.Read',
    handle: (call) => {
      const entity = refArgument(call, 'obj');
      if (entity.type !== 'VirtualMachine') throw invalidArgument('obj');
      const parameters = child(call.args, 'cdp');
      if (!parameters) throw invalidArgument('cdp');
      return describeOvf(call.center, call.center.vm(entity.value), parameters);
    },
  },
};
