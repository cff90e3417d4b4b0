import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tryLock, waitForLock } from './lock.mjs';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lock-'));
  file = path.join(folder, 'a.lock');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('one holder at a time; the second is told who has it', async () => {
  const first = tryLock(file, { url: 'http://localhost:3000' });
  expect(first.release).toBeDefined();
  expect(tryLock(file).holder).toMatchObject({ pid: process.pid, url: 'http://localhost:3000' });
  const waiting = waitForLock(file, { timeoutMs: 10_000 });
  first.release?.();
  (await waiting).release();
  expect(readdirSync(folder)).toEqual([]);
});

test('waiting ends at its deadline', async () => {
  tryLock(file);
  await expect(waitForLock(file, { timeoutMs: 1 })).rejects.toThrow(`Process ${process.pid} still holds`);
});

test('the lock of a killed process is worth nothing', async () => {
  const lock = new URL('./lock.mjs', import.meta.url).href;
  const script = `const { tryLock } = await import(${JSON.stringify(lock)}); console.log(!!tryLock(${JSON.stringify(file)}).release); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  expect(tryLock(file).holder?.pid).toBe(child.pid);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(tryLock(file).release).toBeDefined();
});

test('a later process with the number of a dead holder is not taken for it', () => {
  writeFileSync(file, JSON.stringify({ pid: process.pid, started: 'long ago', id: 'x' }));
  expect(tryLock(file).release).toBeDefined();
});
