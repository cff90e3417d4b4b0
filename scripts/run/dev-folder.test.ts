import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SetUpError } from '../setup/set-up-error.ts';
import { takeDevFolder } from './dev-folder.ts';

let home: string;
const at = (...parts: string[]) => path.join(home, ...parts);
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'landfall-dev-folder-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

it('takes what it made itself, and an empty folder', () => {
  takeDevFolder(at('new'), at('always'));
  writeFileSync(at('new/passwords.json'), '{}');
  takeDevFolder(at('new'), at('always'));
  mkdirSync(at('empty'));
  takeDevFolder(at('empty'), at('always'));
  expect(readdirSync(at('empty'))).toHaveLength(1);
});

it("refuses a folder of somebody else's, whatever it holds, and leaves it as it is", () => {
  mkdirSync(at('own/pg'), { recursive: true });
  writeFileSync(at('own/passwords.json'), '{"admin": "mine"}');
  expect(() => takeDevFolder(at('own'), at('always'))).toThrow(SetUpError);
  expect(readdirSync(at('own')).sort()).toEqual(['passwords.json', 'pg']);
});

it('takes the folder in the clone, of before there was a mark', () => {
  mkdirSync(at('always'));
  writeFileSync(at('always/passwords.json'), '{}');
  takeDevFolder(at('always'), at('always'));
  expect(existsSync(at('always/passwords.json'))).toBe(true);
  takeDevFolder(at('always'), at('elsewhere'));
});
