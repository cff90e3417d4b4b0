import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { addressProblem, deployCommand, quoted } from './deploy-command.ts';

const nothing = { region: null, bucket: null, s3: null, ec2: null, ebs: null, sts: null };
const facts = { consoleUrl: 'https://landfall.example.com', code: 'k-_3', target: { ...nothing, region: 'eu-west-1' } };

describe('the commands that start a connector', () => {
  it('set every variable, ask for the secrets, and put nothing in the place of an endpoint that is AWS’s', () => {
    const command = deployCommand(facts, { url: ' https://vc.example.com ', user: 'DOMAIN\\svc' });
    expect(command).toContain("export LANDFALL_VM_MANAGER_USER='DOMAIN\\svc'");
    expect(command).toContain('export LANDFALL_VM_MANAGER_URL=https://vc.example.com\n');
    expect(command).toContain('export LANDFALL_ENROL_CODE=k-_3');
    expect(command).toMatch(/read -rsp .* LANDFALL_VM_MANAGER_PASSWORD/);
    expect(command).toMatch(/read -rsp .* LANDFALL_AWS_SECRET_ACCESS_KEY/);
    expect(command).not.toContain('ENDPOINT');
    expect(command.endsWith('npm run connector')).toBe(true);
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
