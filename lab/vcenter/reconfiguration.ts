// What ReconfigVM_Task changes of a machine.
import type { Center } from './center.ts';
import { CD_DRIVE, hasDrive, homeOf } from './inventory/vm-config.ts';
import { isGranted } from './privileges.ts';
import { child, childrenNamed, type Element, flagOf, numberOf, textOf } from './soap/element.ts';
import { invalidArgument, invalidPowerState, noPermission, VimFault } from './soap/fault.ts';
import { ref } from './soap/value.ts';
import { datastoreName, type VmState } from './state.ts';
import { setChangeTracking, tracksChanges } from './tracking.ts';

type Change = () => void;

/** For each field of the specification: the privilege that it takes, and what it will change once it was checked. */
const fields: Record<string, { privilege: string; change(vm: VmState, field: Element, center: Center): Change }> = {
  changeTrackingEnabled: {
    privilege: 'VirtualMachine.Config.ChangeTracking',
    change: (vm, field) => changeTracking(vm, isTrue(field.text)),
  },
  name: {
    privilege: 'VirtualMachine.Config.Rename',
    change: (vm, field, center) => renaming(center, vm, field.text),
  },
  annotation: {
    privilege: 'VirtualMachine.Config.Settings',
    change: (vm, field) => () => {
      vm.vm.annotation = field.text;
    },
  },
  numCPUs: {
    privilege: 'VirtualMachine.Config.CPUCount',
    change: (vm, field) => {
      const cpus = hardwareNumber(vm, field);
      return () => {
        vm.vm.cpus = cpus;
      };
    },
  },
  memoryMB: {
    privilege: 'VirtualMachine.Config.Memory',
    change: (vm, field) => {
      const memory = hardwareNumber(vm, field);
      return () => {
        vm.vm.memoryMiB = memory;
      };
    },
  },
  extraConfig: { privilege: 'VirtualMachine.Config.AdvancedConfig', change: extraConfig },
  deviceChange: { privilege: 'VirtualMachine.Config.EditDevice', change: deviceChange },
};

/**
 * Checks the whole specification and answers what the task will do. Throws for a field of a kind that the lab has not: nothing
 * is accepted and then lost.
 */
export function reconfiguration(center: Center, vm: VmState, spec: Element): Change {
  const changes = spec.children.map((field) => {
    const known = Object.hasOwn(fields, field.name) ? fields[field.name] : undefined;
    if (!known) throw new VimFault('NotSupported', `This vCenter cannot change ${field.name}`);
    if (!isGranted(center.settings, known.privilege))
      throw noPermission(ref('VirtualMachine', vm.vm.id), known.privilege);
    return known.change(vm, field, center);
  });
  return () => {
    for (const change of changes) change();
  };
}

/** The machine's files keep their names. DuplicateName when its folder has such a machine already. */
export function renaming(center: Center, vm: VmState, asked: string): Change {
  const name = escaped(asked);
  if (name === '' || name.length > 80) throw new VimFault('InvalidName', `The name '${name}' is not valid.`, { name });
  const same = center.state.vms.find(
    (other) => other !== vm && other.vm.name === name && other.vm.folder === vm.vm.folder,
  );
  if (same) {
    const object = ref('VirtualMachine', same.vm.id);
    throw new VimFault('DuplicateName', `The name '${name}' already exists.`, { name, object });
  }
  return () => {
    vm.vm.home = homeOf(vm.vm);
    vm.vm.name = name;
  };
}

/** vCenter keeps slashes, backslashes and percent signs of names escaped. */
function escaped(name: string): string {
  return name
    .replace(/%(?!2f|5c|25)/gi, '%25')
    .replaceAll('/', '%2f')
    .replaceAll('\\', '%5c');
}

function isTrue(text: string): boolean {
  return text.toLowerCase() === 'true' || text === '1';
}

function changeTracking(vm: VmState, enabled: boolean): Change {
  if (enabled && !tracksChanges(vm)) {
    throw new VimFault('NotSupported', 'The operation is not supported on the object.');
  }
  return () => setChangeTracking(vm, enabled);
}

/** Processors and memory change in a machine that is off: nothing here can be added while it runs. */
function hardwareNumber(vm: VmState, field: Element): number {
  const wanted = Number(field.text);
  if (!Number.isInteger(wanted) || wanted < 1) throw invalidArgument(`configSpec.${field.name}`);
  if (vm.vm.power !== 'poweredOff') throw invalidPowerState('poweredOff', vm.vm.power);
  return wanted;
}

/** One advanced setting; an empty value takes it away. `ctkEnabled` is change tracking by its other name. */
function extraConfig(vm: VmState, option: Element): Change {
  const key = textOf(option, 'key');
  const value = textOf(option, 'value') ?? '';
  if (!key) throw invalidArgument('configSpec.extraConfig.key');
  if (key === 'ctkEnabled') return changeTracking(vm, isTrue(value));
  return () => {
    const { [key]: _old, ...others } = vm.vm.extraConfig ?? {};
    vm.vm.extraConfig = value === '' ? others : { ...others, [key]: value };
  };
}

/** The CD drive: what is in it, whether it is connected, whether there is one. Other devices cannot be changed. */
function deviceChange(vm: VmState, change: Element, center: Center): Change {
  const [device] = childrenNamed(change, 'device');
  const operation = textOf(change, 'operation') ?? 'edit';
  const adding = operation === 'add';
  const ours = device?.xsiType === 'VirtualCdrom' && (adding || numberOf(device, 'key') === CD_DRIVE);
  if (!device || !ours || adding === hasDrive(vm.vm)) {
    throw new VimFault('InvalidDeviceSpec', "Invalid configuration for device '0'.", { deviceIndex: 0 });
  }
  if (operation === 'remove') {
    return () => {
      vm.vm.iso = undefined;
      vm.vm.emptyDrive = undefined;
    };
  }
  const backing = child(device, 'backing');
  const connectable = child(device, 'connectable');
  const fileName = textOf(backing, 'fileName');
  const datastore = datastoreName(fileName ?? '');
  const { datacenters } = center.state.world;
  const stores = datacenters.find(({ name }) => name === vm.vm.datacenter)?.datastores;
  if (fileName !== undefined && !stores?.some(({ name }) => name === datastore)) {
    throw new VimFault('InvalidDatastorePath', `Invalid datastore path '${fileName}'.`, { datastorePath: fileName });
  }
  return () => {
    const connected = flagOf(connectable, 'connected', vm.vm.iso?.connected ?? false);
    if (backing === undefined && vm.vm.iso) vm.vm.iso = { ...vm.vm.iso, connected };
    else if (fileName !== undefined) {
      const path = fileName.slice(datastore.length + 2).trim();
      vm.vm.iso = { path, connected, ...(datastore === vm.vm.datastore ? {} : { datastore }) };
      vm.vm.emptyDrive = undefined;
    } else {
      const kind = backing?.xsiType ?? 'VirtualCdromRemotePassthroughBackingInfo';
      vm.vm.iso = undefined;
      vm.vm.emptyDrive = { backing: kind, deviceName: textOf(backing, 'deviceName') ?? '' };
    }
  };
}
