import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { may, PERMISSIONS, type Permission, ROLES } from './permissions.ts';

const names = Object.keys(PERMISSIONS) as Permission[];

describe('the table of permissions', () => {
  it('gives every permission to somebody, and all of them to the administrator', () => {
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) expect(may('administrator', name), name).toBe(true);
  });

  it('holds nothing that nobody asks for', () => {
    const root = path.resolve(import.meta.dirname, '../..');
    const sources = ['app', 'server']
      .flatMap((folder) =>
        readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
          path.join(root, folder, file),
        ),
      )
      .filter((file) => /(?<!\.test)\.tsx?$/.test(file) && !file.endsWith('access/permissions.ts'))
      .map((file) => readFileSync(file, 'utf8'));
    expect(sources.length).toBeGreaterThan(300);
    expect(names.filter((name) => !sources.some((text) => text.includes(`'${name}'`)))).toEqual([]);
  });

  it('lets a viewer read, keep the own profile, and nothing else', () => {
    for (const name of names) {
      if (!name.endsWith('.read') && name !== 'profile.manage') expect(may('viewer', name), name).toBe(false);
    }
    for (const noun of ['connector', 'server', 'job', 'run', 'image', 'instance', 'cutover', 'activity']) {
      expect(may('viewer', `${noun}.read` as Permission), noun).toBe(true);
    }
  });

  it('never takes from a higher role what a lower one has', () => {
    for (const name of names) {
      const held = ROLES.map((role) => may(role, name));
      expect(held, name).toEqual([...held].sort());
    }
  });

  it('lets an operator launch a test, and only a cutover manager launch for good', () => {
    expect(may('operator', 'instance.launch-test')).toBe(true);
    expect(may('operator', 'instance.launch')).toBe(false);
    expect(may('operator', 'instance.terminate')).toBe(false);
    expect(may('cutover-manager', 'instance.launch')).toBe(true);
  });

  it('keeps connectors, targets and limits with the administrator', () => {
    for (const name of ['connector.enrol', 'connector.disassociate', 'target.manage', 'limit.manage']) {
      expect(may('cutover-manager', name as Permission), name).toBe(false);
    }
  });
});
