// Switching machines on and off.
import type { PowerState } from '../world/world.ts';
import type { Center } from './center.ts';
import type { VmState } from './state.ts';
import { stun } from './tracking.ts';

/** Guests that are on their way down: their tools have stopped already. */
const goingDown = new WeakSet<VmState>();

/** Machines whose power-on waits for an answer. */
const asking = new WeakSet<VmState>();

export function isGoingDown(vm: VmState): boolean {
  return goingDown.has(vm);
}

/** What vSphere wants to know just now, if anything. */
export function openQuestion(vm: VmState): string | undefined {
  return asking.has(vm) ? vm.vm.question : undefined;
}

/** Power on is a stun: change tracking that was asked for begins before the guest writes. */
export async function setPower(center: Center, vm: VmState, power: PowerState): Promise<void> {
  if (power === 'poweredOn') await stun(center, vm);
  vm.vm.power = power;
  goingDown.delete(vm);
  vm.bootedAt = power === 'poweredOn' ? new Date().toISOString() : undefined;
  if (vm.vm.tools !== 'notInstalled') vm.vm.tools = power === 'poweredOn' ? 'running' : 'notRunning';
  center.events.switched(vm);
  center.save();
}

/** The guest takes a while to shut down. A rule for `task:ShutdownGuest` that hangs, or the VM's `shutdown`, makes it never end. */
export function shutDownSoon(center: Center, vm: VmState): void {
  const effects = center.faults.take('vcenter', 'task:ShutdownGuest', { vm: vm.vm.id });
  if (vm.vm.shutdown === 'never-ends' || effects.some((effect) => effect.kind === 'hang')) return;
  const extra = effects.reduce((sum, effect) => sum + (effect.kind === 'delay' ? effect.ms : 0), 0);
  const boot = vm.bootedAt;
  goingDown.add(vm);
  center.changed();
  const timer = setTimeout(() => {
    // Somebody may have switched it off, and perhaps on again, meanwhile.
    if (vm.vm.power !== 'poweredOn' || vm.bootedAt !== boot) return;
    setPower(center, vm, 'poweredOff').catch((error: unknown) => console.error('lab vCenter:', error));
  }, center.settings.shutdownMilliseconds + extra);
  center.closing.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
}

/** Power on waits for the answer to what vSphere asks about the machine, as the real task does. */
export async function untilAnswered(center: Center, vm: VmState): Promise<void> {
  asking.add(vm);
  center.changed();
  while (vm.vm.question !== undefined && !center.closing.signal.aborted) {
    await center.nextChange(center.changes, undefined, center.closing.signal);
  }
  asking.delete(vm);
  center.closing.signal.throwIfAborted();
}
