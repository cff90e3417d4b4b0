// Switching machines on and off. For lab/vcenter only.
import type { Center } from './center.ts';
import type { VmState } from './state.ts';

export function setPower(center: Center, vm: VmState, power: 'poweredOn' | 'poweredOff'): void {
  vm.vm.power = power;
  vm.bootedAt = power === 'poweredOn' ? new Date().toISOString() : undefined;
  if (vm.vm.tools !== 'notInstalled') vm.vm.tools = power === 'poweredOn' ? 'running' : 'notRunning';
  center.save();
}

/** The guest takes a while to shut down. A rule for `task:ShutdownGuest` that hangs makes it never end. */
export function shutDownSoon(center: Center, vm: VmState): void {
  const effects = center.faults.take('vcenter', 'task:ShutdownGuest', { vm: vm.vm.id });
  if (effects.some((effect) => effect.kind === 'hang')) return;
  const extra = effects.reduce((sum, effect) => sum + (effect.kind === 'delay' ? effect.ms : 0), 0);
  const timer = setTimeout(() => setPower(center, vm, 'poweredOff'), center.settings.shutdownMilliseconds + extra);
  center.closing.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
}
