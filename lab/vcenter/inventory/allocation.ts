// Shares, reservations and limits of machines and pools.
import { type Data, data, long, type MoRef, member, time } from '../soap/value.ts';

/** Nothing reserved, nothing limited. */
export function resourceConfig(entity: MoRef, shares: { cpu: number; memory: number }, expandable: boolean): Data {
  return data('ResourceConfigSpec', {
    entity,
    changeVersion: '1',
    lastModified: time('2024-03-01T08:00:00Z'),
    cpuAllocation: allocation(shares.cpu, expandable),
    memoryAllocation: allocation(shares.memory, expandable),
  });
}

export function allocation(shares: number, expandableReservation: boolean): Data {
  return data('ResourceAllocationInfo', {
    reservation: long(0),
    expandableReservation,
    limit: long(-1),
    shares: data('SharesInfo', { shares, level: member('SharesLevel', 'normal') }),
  });
}
