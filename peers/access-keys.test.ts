// A script in Python calls the API with an access key, as docs/access-keys.md shows: what is run here stands there.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listenForCalls } from '../server/api/testing-web.ts';
import { createAccessKey } from '../server/services/people/access-keys.ts';
import { type TestWorkspace, testWorkspace } from '../server/services/testing.ts';
import { describeWith, peer } from './installed.ts';
import { output } from './programs.ts';

type Own = Parameters<typeof createAccessKey>[0];

describeWith(['python'], 'the API against botocore', () => {
  let site: TestWorkspace;
  let web: Server;
  let origin: string;
  let dir: string;

  beforeAll(async () => {
    site = await testWorkspace();
    Object.assign(globalThis, { landfallDatabase: site.db });
    web = await listenForCalls();
    origin = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
    Object.assign(process.env, { LOG_LEVEL: 'silent', NEXTAUTH_SECRET: 's'.repeat(32), NEXTAUTH_URL: origin });
    dir = mkdtempSync(path.join(tmpdir(), 'landfall-access-key-'));
  });

  afterAll(async () => {
    web?.close();
    Object.assign(globalThis, { landfallDatabase: undefined });
    await site?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('answers what it asks, and does what it changes', async () => {
    const requestId = '1'.repeat(32);
    const wanted = { requestId, name: 'Python', role: 'administrator', days: 1 } as const;
    const { id, secret } = await createAccessKey(site.as('administrator') as Own, wanted);
    const page = readFileSync(path.join(import.meta.dirname, '../docs/access-keys.md'), 'utf8');
    const [, example = ''] = /```python\n(.*?)```/s.exec(page) ?? [];
    const script = example
      .replace('https://landfall.example.com', origin)
      .replace('"LFKA…", "…"', `"${id}", "${secret}"`);
    const file = path.join(dir, 'example.py');
    writeFileSync(file, `${script}\ncall("limits.update", {"total": 6, "perTarget": 5})\nprint(call("limits.get"))\n`);
    const said = await output(peer('python'), [file]);
    expect(said).toMatch(/^administrator\n/);
    expect(said).toContain("'total': 6");
  });
});
