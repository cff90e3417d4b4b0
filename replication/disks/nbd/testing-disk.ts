// Starts testing servers and disks on them, and ends them after each test.
import { afterEach, expect } from 'vitest';
import type { Fault } from '../../model/fault.ts';
import { pretendDisk } from '../testing-pretend-disk.ts';
import { type NbdDisk, type NbdOptions, openNbdDisk } from './nbd-disk.ts';
import { type Script, serveNbd, type TestingServer } from './testing-server.ts';

export const never = new AbortController().signal;
/** What the testing servers hold: 1 MiB. */
export const DISK = pretendDisk(1, 1024 * 1024);

const opened: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

export async function serve(script: Script = {}): Promise<TestingServer> {
  const server = await serveNbd(DISK, script);
  opened.push(server);
  return server;
}

export async function open(
  script: Script = {},
  options: NbdOptions = {},
): Promise<{ disk: NbdDisk; server: TestingServer }> {
  const server = await serve(script);
  const disk = await openNbdDisk(server.endpoint, options, never);
  opened.push(disk);
  return { disk, server };
}

/** The fault that it fails with. */
export async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toHaveProperty('fault');
  return error.fault;
}
