import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makePassword, openDataFolder } from './data-folder.ts';

let folder: string;
const about = { url: 'http://localhost:3000', command: 'npm start' };

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'data-folder-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('secrets are made once, for their owner only, and kept', () => {
  const first = openDataFolder(path.join(folder, 'data'), about);
  expect(first.isNew).toBe(true);
  expect(Buffer.from(first.secrets.nextAuthSecret, 'base64url')).toHaveLength(32);
  expect(first.secrets.secretKey).toMatch(/^\d{4}-\d{2}:[A-Za-z0-9+/]{43}=$/);
  expect(statSync(first.at('secrets.json')).mode & 0o777).toBe(0o600);
  first.release();
  const second = openDataFolder(path.join(folder, 'data'), about);
  expect(second).toMatchObject({ isNew: false, secrets: first.secrets });
  second.release();
});

test('a folder of before secrets were sealed gets a key for them, and keeps what it had', () => {
  const file = path.join(folder, 'secrets.json');
  writeFileSync(file, JSON.stringify({ nextAuthSecret: 'as it was' }));
  const { secrets, isNew, release } = openDataFolder(folder, about);
  release();
  expect({ nextAuthSecret: secrets.nextAuthSecret, isNew }).toEqual({ nextAuthSecret: 'as it was', isNew: false });
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(secrets);
  expect(secrets.secretKey).toMatch(/^\d{4}-\d{2}:/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a second start on one folder is told where the first one answers', () => {
  const first = openDataFolder(folder, about);
  expect(() => openDataFolder(folder, about)).toThrow(
    new RegExp(`running on this data folder already: http://localhost:3000 \\(process ${process.pid}`),
  );
  first.release();
  openDataFolder(folder, about).release();
});

test('a broken secrets file is never replaced, and does not keep the folder taken', () => {
  const file = path.join(folder, 'secrets.json');
  writeFileSync(file, '{');
  expect(() => openDataFolder(folder, about)).toThrow(/secrets.json is broken.*restore it from a backup/);
  expect(readFileSync(file, 'utf8')).toBe('{');
  expect(() => openDataFolder(folder, about)).toThrow(/is broken/);
});

test('a file in the way, and a folder that is closed, are said as such', () => {
  writeFileSync(path.join(folder, 'file'), '');
  expect(() => openDataFolder(path.join(folder, 'file'), about)).toThrow(/a file stands in its way/);
  // Root may write everywhere but where the kernel keeps its own.
  const closed = process.getuid?.() === 0 ? '/sys/landfall' : path.join(folder, 'data');
  if (process.getuid?.() !== 0) chmodSync(folder, 0o500);
  expect(() => openDataFolder(closed, about)).toThrow(
    /data folder \/.*(cannot be written|read-only).*choose another folder/s,
  );
  chmodSync(folder, 0o700);
});

test('passwords are long and differ', () => {
  const made = new Set(Array.from({ length: 100 }, makePassword));
  expect(made.size).toBe(100);
  for (const password of made) expect(password).toMatch(/^([a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}$/);
});
