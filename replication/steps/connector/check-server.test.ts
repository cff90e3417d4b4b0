import { expect, test, vi } from 'vitest';
import { toFault } from '../../model/fault.ts';
import { checkServer } from './check-server.ts';
import type { ConnectorStepContext } from './step.ts';

test('a run of a server with more disks than an AMI holds ends before anything is made', async () => {
  const server = { name: 'web', guestFamily: 'linux', findings: [], disks: Array.from({ length: 79 }, () => ({})) };
  const context = { run: { vmId: 'vm-1' }, source: { inspect: async () => server }, log: vi.fn() };
  const fault = await checkServer(context as unknown as ConnectorStepContext).then(() => null, toFault);
  expect(fault).toMatchObject({ code: 'server-not-ready', message: expect.stringContaining('79 disks') });
});
