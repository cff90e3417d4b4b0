import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adding, installation, NpmFailed, whyInstall } from './install.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const runs = { tools: false };
const all = { tools: true };
const LOCK = {
  '': {},
  'node_modules/web': { version: '1.0.0' },
  'node_modules/binary-for-others': { version: '1.0.0', optional: true },
  'node_modules/checker': { version: '2.0.0', dev: true },
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'install-'));
  write('package-lock.json', { packages: LOCK });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, content: unknown): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), typeof content === 'string' ? content : JSON.stringify(content));
}

/** As npm leaves node_modules when it has finished. */
function lay(packages: Record<string, string>): void {
  const entries = Object.entries(packages).map(([name, version]) => {
    mkdirSync(path.join(folder, 'node_modules', name), { recursive: true });
    const dev = name === 'checker' ? { dev: true } : {};
    return [`node_modules/${name}`, { version, ...dev }];
  });
  write('node_modules/.package-lock.json', { packages: Object.fromEntries(entries) });
}

describe('an installation', () => {
  it('without the tools is enough to start, and the tools are added to it when they are asked for', () => {
    expect(whyInstall(folder, runs)).toBe('nothing is installed yet');
    expect(installation(folder, runs)).toEqual(['ci', '--omit=dev']);
    expect(installation(folder, all)).toEqual(['ci', '--include=dev']);
    lay({ web: '1.0.0' });
    expect(whyInstall(folder, runs)).toBeUndefined();
    expect(whyInstall(folder, all)).toBe('checker is missing, and the lock file says 2.0.0');
    expect(installation(folder, all)).toEqual(['install', '--no-save', '--include=dev']);
  });

  it('with the tools is enough for everything, and keeps them', () => {
    lay({ web: '1.0.0', checker: '2.0.0' });
    expect([whyInstall(folder, runs), whyInstall(folder, all)]).toEqual([undefined, undefined]);
    lay({ web: '0.9.0', checker: '2.0.0' });
    expect(whyInstall(folder, runs)).toBe('web is 0.9.0, and the lock file says 1.0.0');
    expect(installation(folder, runs)).toEqual(['ci', '--include=dev']);
    lay({ web: '1.0.0', checker: '1.0.0' });
    expect(whyInstall(folder, runs)).toBeUndefined();
    expect(installation(folder, all)).toEqual(['install', '--no-save', '--include=dev']);
  });

  it('that was broken off is noticed, also one that added to another', () => {
    mkdirSync(path.join(folder, 'node_modules/web'), { recursive: true });
    expect(whyInstall(folder, runs)).toBe('the last installation did not finish');
    lay({ web: '1.0.0' });
    write('.landfall/adding-packages', '');
    for (const kind of [runs, all]) expect(whyInstall(folder, kind)).toBe('the last installation did not finish');
    expect(installation(folder, runs)).toEqual(['ci', '--omit=dev']);
    expect(installation(folder, all)).toEqual(['ci', '--include=dev']);
    rmSync(path.join(folder, '.landfall'), { recursive: true });
    rmSync(path.join(folder, 'node_modules/web'), { recursive: true });
    expect(whyInstall(folder, runs)).toBe('node_modules/web was removed');
  });

  it('that runs is as good as before when the tools could not be added, as without a network', async () => {
    lay({ web: '1.0.0' });
    const failing = (error: Error) => adding(folder, () => Promise.reject(error));
    await expect(failing(new NpmFailed('npm install failed (code 1).'))).rejects.toThrow('failed');
    expect(whyInstall(folder, runs)).toBeUndefined();
    await expect(failing(new Error('npm was killed'))).rejects.toThrow('killed');
    expect(whyInstall(folder, runs)).toBe('the last installation did not finish');
    await adding(folder, async () => lay({ web: '1.0.0', checker: '2.0.0' }));
    expect(whyInstall(folder, all)).toBeUndefined();
  });
});

it('nothing that runs, or that builds the console, imports one of the tools', () => {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const isThere = (name: string) => name in dependencies || name in optionalDependencies;
  const folders = ['app', 'connector', 'db', 'lab', 'replication', 'server'];
  const isOurs = (file: string) =>
    /\.tsx?$/.test(file) && !/(\.test\.tsx?$|\/testing-|\btesting|\bcontract)/.test(file);
  const files = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(isOurs)
      .map((file) => path.join(folder, file)),
  );
  expect(files.length).toBeGreaterThan(300);
  const missing = [...files, 'proxy.ts', 'next.config.js', 'postcss.config.mjs'].flatMap((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    const imports = text.matchAll(/^(?:import|export)\s(?!type\b)[^;]*?from '([^'.][^']*)'|^import '([^'.][^']*)'/gm);
    return [...imports]
      .map((found) => (found[1] ?? found[2] ?? '').replace(/^((?:@[^/]+\/)?[^/]+).*$/, '$1'))
      .filter((name) => !name.startsWith('node:') && !name.startsWith('@/') && !builtinModules.includes(name))
      .filter((name) => !isThere(name))
      .map((name) => `${file}: ${name}`);
  });
  expect(missing).toEqual([]);
});
