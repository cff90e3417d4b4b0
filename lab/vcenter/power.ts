// Switching machines on and off. For lab/vcenter only.
import type { Center } from './center.ts';
import type { VmState } from './state.ts';
import { stun } from './tracking.ts';

/** Power on is a stun: change tracking that was asked for begins before the guest writes. */
export async function setPower(center: Center, vm: VmState, power: 'poweredOn' | 'poweredOff'): Promise<void> {
  if (power === 'poweredOn') await stun(center, vm);
  vm.vm.power = power;
  vm.bootedAt = power === 'poweredOn' ? new Date().toISOString() : undefined;
  if (vm.vm.tools !== 'notInstalled') vm.vm.tools = power === 'poweredOn' ? 'running' : 'notRunning';
  center.save();
}

/** The guest takes a while to shut down. A rule for `task:ShutdownGuest` that hangs, or the VM's `shutdown`, makes it never end. */
export function shutDownSoon(center: Center, vm: VmState): void {
  const effects = center.faults.take('vcenter', 'task:ShutdownGuest', { vm: vm.vm.id });
  if (vm.vm.shutdown === 'never-ends' || effects.some((effect) => effect.kind === 'hang')) return;
  const extra = effects.reduce((sum, effect) => sum + (effect.kind === 'delay' ? effect.ms : 0), 0);
  const boot = vm.bootedAt;
  const timer = setTimeout(() => {
    // Somebody may have switched it off, and perhaps on again, meanwhile.
    if (vm.vm.power !== 'poweredOn' || vm.bootedAt !== boot) return;
    setPower(center, vm, 'poweredOff').catch((error: unknown) => console.error('lab vCenter:', error));
  }, center.settings.shutdownMilliseconds + extra);
  center.closing.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
}
