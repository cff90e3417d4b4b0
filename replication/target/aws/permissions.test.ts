// What docs/aws-permissions.md grants is what the calls of this folder name: neither less nor, at EC2, more.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const here = import.meta.dirname;
const sources = readdirSync(here, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(here, name), 'utf8'));
const page = readFileSync(join(here, '../../../docs/aws-permissions.md'), 'utf8');

const actions = (text: string, service: string) =>
  [...new Set(text.match(new RegExp(`\\b${service}:[A-Z][A-Za-z]+`, 'g')))].sort();

test.each(['ec2', 'ebs', 'sts'])("the console's policy has every %s action that is called, and no other", (service) => {
  const called = actions(sources.join('\n'), service);
  expect(called.length).toBeGreaterThan(0);
  const policy = /## 2\. Console([\s\S]*?)## 3\./.exec(page)?.[1] ?? '';
  // The tags of a launch or an import are given with the call, and need CreateTags all the same.
  expect(actions(policy, service)).toEqual(called);
});
