import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FAULT_KINDS } from './fault-kinds.ts';

const page = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8');

it('explains every fault in docs/faults.md, and no other', () => {
  const explained = [...page.matchAll(/^## ([a-z-]+)$/gm)].map((match) => match[1]);
  expect(explained.sort()).toEqual(Object.keys(FAULT_KINDS).sort());
});

it.each(Object.entries(FAULT_KINDS))(
  '%s says what happened and what to do, in words that the page repeats',
  (_code, kind) => {
    expect(kind.message).toMatch(/^(v(Center|Sphere)|[A-Z]).*\.$/);
    expect(kind.remedy).toMatch(/^[A-Z].*\.$/);
    expect(page).toContain(kind.message);
    expect(page).toContain(kind.remedy);
  },
);

it.each(Object.entries(FAULT_KINDS))('%s is where the page says it lies, and is retried as it says', (code, kind) => {
  const place = {
    you: 'on your side',
    source: 'at the source',
    connector: 'at the connector',
    aws: 'at AWS',
    us: 'in Landfall',
  }[kind.blame];
  const retry = {
    now: 'automatic',
    later: 'at the next run, or once the cause is gone',
    never: 'not without a change',
  }[kind.retry];
  const section = page.split(/^## /m).find((part) => part.startsWith(`${code}\n`));
  expect(section?.replace(' (vSphere)', '')).toContain(`*Where the problem lies:* ${place}. *Retry:* ${retry}.`);
});

/** Only ever of a run, or of what one left behind; every other kind may stand anywhere, also where there is no run. */
const OF_A_RUN = [
  'cancelled',
  'connector-lost',
  'digests-lost',
  'ebs-snapshot-failed',
  'import-image-failed',
  'import-snapshot-failed',
  'made-before',
  'nbd-invalid',
  'server-not-ready',
  'snapshot-removal-failed',
  'verification-failed',
  'vmdk-invalid',
];

it('speaks of a run only where there is one', () => {
  const ofARun = /\b(the|this|next|new|a) run\b|\brun log\b/i;
  const speaking = Object.entries(FAULT_KINDS).filter(([, { message, remedy }]) => ofARun.test(`${message} ${remedy}`));
  expect(speaking.map(([code]) => code).sort()).toEqual(OF_A_RUN);
});

it('raises what is of a run nowhere else', () => {
  const root = new URL('../../', import.meta.url);
  const elsewhere = globSync(
    'server/{api,auth,gateway,services/{catalog,cloud,connectors,cutovers,images,instances,jobs,limits,overview,people,targets}}/**/*.ts',
    { cwd: root.pathname },
  );
  expect(elsewhere.length).toBeGreaterThan(40);
  for (const file of elsewhere.filter((name) => !name.endsWith('.test.ts'))) {
    const source = readFileSync(new URL(file, root), 'utf8');
    for (const code of OF_A_RUN)
      expect(source, `${code} in ${file}`).not.toMatch(new RegExp(`[fF]ault(Error)?\\('${code}'`));
  }
});
