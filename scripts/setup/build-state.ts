// Whether the built console is that of the sources: a hash over all that goes into it, kept beside the build.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { subPath } from '../../server/public-url.ts';

const folders = ['app', 'server', 'replication', 'db', 'public'];
// Not tsconfig.json: Next rewrites it while it builds.
const files = [
  ...[
    'next.config.js',
    'next.config.mjs',
    'next.config.ts',
    'proxy.ts',
    'instrumentation.ts',
    'instrumentation-client.ts',
  ],
  ...['postcss.config.mjs', 'package.json', 'package-lock.json'],
];
const ignored = /\.test\.tsx?$|^db\/migrations\//;

/**
 * A SHA-256 over names and contents of everything that `next build` reads in `root`.
 * @param under the path that stands in every address of the build: another one needs another build
 */
export function sourceHash(root: string, under = subPath()): string {
  const listed = folders
    .filter((folder) => existsSync(path.join(root, folder)))
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/')),
    )
    .filter((name) => !ignored.test(name))
    .sort();
  const hash = createHash('sha256');
  if (under) hash.update(`under ${under}\0`);
  for (const name of [...listed, ...files.filter((file) => existsSync(path.join(root, file)))]) {
    const content = readFileSync(path.join(root, name));
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

interface BuildRecord {
  sources: string;
  /** Next's own name of the build: another one means that someone built past us. */
  id: string;
}

const recordFile = (root: string) => path.join(root, '.next/landfall-build.json');
const buildId = (root: string): string | undefined => {
  const file = path.join(root, '.next/BUILD_ID');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
};

/** `missing`: never built (or not to its end); `stale`: built from other sources; `fresh`: can be served. */
export function buildState(root: string, sources = sourceHash(root)): 'missing' | 'stale' | 'fresh' {
  const id = buildId(root);
  if (!id) return 'missing';
  try {
    const record = JSON.parse(readFileSync(recordFile(root), 'utf8')) as BuildRecord;
    return record.id === id && record.sources === sources ? 'fresh' : 'stale';
  } catch {
    return 'stale';
  }
}

/** Notes that the build in `.next` is that of `sources` (a sourceHash taken before the build began). */
export function recordBuild(root: string, sources: string): void {
  const record: BuildRecord = { sources, id: buildId(root) ?? '' };
  writeFileSync(recordFile(root), JSON.stringify(record));
}
