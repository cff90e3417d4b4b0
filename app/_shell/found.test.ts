// Every page of one thing: of a thing that is not there it says 404, before anything of the page has been sent.
import { globSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';

vi.mock('../../server/api/caller.ts', () => {
  const nothing = async () => {
    throw Object.assign(new Error('No such thing.'), { code: 'NOT_FOUND' });
  };
  const router = new Proxy({}, { get: () => nothing });
  return { caller: () => new Proxy({}, { get: () => router }) };
});

type Page = (props: { params: Promise<{ id: string }> }) => Promise<unknown>;

const app = path.resolve(import.meta.dirname, '..');
const pages = globSync('**/[[]id[]]/**/page.tsx', { cwd: app }).sort();
const loaded = new Map<string, Page>();

// All screens with their parts: seconds, on a busy machine many.
beforeAll(async () => {
  for (const page of pages) loaded.set(page, (await import(path.join(app, page))).default);
}, 240_000);

it('are many', () => {
  expect(pages.length).toBeGreaterThan(8);
});

it.each(pages)('%s', async (page) => {
  await expect(loaded.get(page)?.({ params: Promise.resolve({ id: 'no-such-thing' }) })).rejects.toMatchObject({
    digest: 'NEXT_HTTP_ERROR_FALLBACK;404',
  });
});
