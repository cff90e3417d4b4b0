// Change tracking of a whole VM: when it begins, when it ends, and when it begins too late.
import type { Center } from './center.ts';
import { chainOf, type VmState } from './state.ts';

/** The setting of the VM; the disks follow at the next stun. With a snapshot in place tracking will be blind. */
export function setChangeTracking(vm: VmState, enabled: boolean): void {
  if (enabled && !vm.vm.changeTracking && chainOf(vm).length > 0) vm.trackingBlind = true;
  if (!enabled) vm.trackingBlind = undefined;
  vm.vm.changeTracking = enabled;
}

/** Lets the disks follow the setting. Within a stun only. */
export async function followTracking(center: Center, vm: VmState): Promise<void> {
  const on = vm.vm.changeTracking ?? false;
  if (on === (vm.trackingActive ?? false)) return;
  await center.disks.track(vm, on, vm.trackingBlind ?? false);
  vm.trackingActive = on;
  center.save();
}

/** The guest stands still for a moment, as at power on and when a snapshot goes. */
export async function stun(center: Center, vm: VmState): Promise<void> {
  await center.disks.stun(vm, () => followTracking(center, vm));
}

/** Tracking that was enabled while a snapshot existed sees what the guest writes from the moment on in which there is none. */
export async function trackingMayBegin(center: Center, vm: VmState): Promise<void> {
  if (!vm.trackingBlind || chainOf(vm).length > 0) return;
  vm.trackingBlind = undefined;
  if (vm.trackingActive) await center.disks.stun(vm, () => center.disks.track(vm, true, false));
  center.save();
}

/** Whether hardware of this version can track changes at all. */
export function tracksChanges(vm: VmState): boolean {
  return Number(vm.vm.hardwareVersion.slice(4)) >= 7;
}
