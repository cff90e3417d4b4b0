import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { addressProblem, deployCommand, quoted } from './deploy-command.ts';

const nothing = { region: null, bucket: null, s3: null, ec2: null, ebs: null, sts: null };
const facts = { consoleUrl: 'https://landfall.example.com', code: 'k-_3', target: { ...nothing, region: 'eu-west-1' } };

describe('the commands that start a connector', () => {
  it('give the connector every variable, and ask for the secrets, when they are pasted into a shell as they are', () => {
    const command = deployCommand(facts, { url: ' https://vc.example.com ', user: "DOMAIN\\o'svc" });
    const folder = mkdtempSync(path.join(tmpdir(), 'deploy-'));
    try {
      const npm = path.join(folder, 'npm');
      writeFileSync(npm, '#!/bin/sh\necho "args $*"\nenv\n');
      chmodSync(npm, 0o755);
      const env = { NODE_ENV: 'test' as const, PATH: `${folder}:${process.env.PATH}` };
      // A shell that reads its script from the same place as the answers: as when somebody pastes and then types.
      const input = `${command}\nKEYID\nse cret\npa$$word\n`;
      const said = execFileSync('bash', ['-s'], { input, env, encoding: 'utf8' });
      const set = said.split('\n').filter((line) => /^(args|LANDFALL_)/.test(line));
      expect(set.sort()).toEqual([
        'LANDFALL_AWS_ACCESS_KEY_ID=KEYID',
        'LANDFALL_AWS_BUCKET=my-staging-bucket',
        'LANDFALL_AWS_REGION=eu-west-1',
        'LANDFALL_AWS_SECRET_ACCESS_KEY=se cret',
        'LANDFALL_ENROL_CODE=k-_3',
        'LANDFALL_URL=https://landfall.example.com',
        'LANDFALL_VM_MANAGER_PASSWORD=pa$$word',
        'LANDFALL_VM_MANAGER_URL=https://vc.example.com',
        "LANDFALL_VM_MANAGER_USER=DOMAIN\\o'svc",
        'args run connector',
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('name the endpoints of a target that has its own', () => {
    const target = { ...facts.target, s3: 'http://127.0.0.1:4566' };
    expect(deployCommand({ ...facts, target }, { url: '', user: '' })).toContain(
      'export LANDFALL_AWS_ENDPOINT_S3=http://127.0.0.1:4566',
    );
  });

  it.each(["it's; $(touch x) `y`", 'plain', '!"\\ é', ''])('quote %j so that a shell gives it back', (value) => {
    expect(execFileSync('sh', ['-c', `printf %s ${quoted(value)}`], { encoding: 'utf8' })).toBe(value);
  });
});

describe('the address of the console', () => {
  it.each([
    ['https://landfall.example.com', null],
    ['http://localhost:3000', /this machine/],
    ['http://127.0.0.1:3000', /this machine/],
    ['http://landfall.example.com', /HTTPS/],
  ])('%s', (url, problem) => {
    if (problem === null) expect(addressProblem(url)).toBeNull();
    else expect(addressProblem(url)).toMatch(problem);
  });
});
