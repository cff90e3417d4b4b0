// The rights are those of the calls that are made, no more and no less; policies, templates and the page of documentation are made
// of them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { stagingRule } from '../lifecycle.ts';
import { permissionsPage } from './page.ts';
import { policyOf, policySize, statementFor } from './policies.ts';
import { type Chosen, PRINCIPALS, RIGHTS, rightsOf } from './rights.ts';
import { cloudFormationTemplate, terraformConfiguration } from './templates.ts';

const aws = join(import.meta.dirname, '..');
const cloud = join(aws, '../../../server/services/cloud');
const sources = [aws, cloud]
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => [folder, name] as [string, string]),
  )
  .filter(
    ([, name]) =>
      name.endsWith('.ts') &&
      !/\.test\.ts$|(^|\/)(testing-|contract\.ts)|^permissions\/(?!try-|look-at-|trial)/.test(name),
  )
  .map(([folder, name]) => readFileSync(join(folder, name), 'utf8'))
  .join('\n');

/** S3's actions are not its operations (S3 user guide, "Required permissions for Amazon S3 API operations"). */
const S3_ACTIONS: Record<string, string[]> = {
  HeadBucket: ['ListBucket'],
  HeadObject: ['GetObject'],
  CreateMultipartUpload: ['PutObject'],
  UploadPart: ['PutObject'],
  UploadPartCopy: ['PutObject', 'GetObject'],
  CompleteMultipartUpload: ['PutObject'],
  ListObjectsV2: ['ListBucket'],
  ListMultipartUploads: ['ListBucketMultipartUploads'],
  ListParts: ['ListMultipartUploadParts'],
  GetBucketLifecycleConfiguration: ['GetLifecycleConfiguration'],
  PutBucketLifecycleConfiguration: ['PutLifecycleConfiguration'],
  GetPublicAccessBlock: ['GetBucketPublicAccessBlock'],
};

function called(): Set<string> {
  const found = new Set<string>();
  const add = (service: string, operation: string) => {
    const name = operation[0]?.toUpperCase() + operation.slice(1);
    const actions = service === 's3' ? (S3_ACTIONS[name] ?? [name]) : [name];
    for (const action of actions) found.add(`${service}:${action}`);
  };
  // What the SDK's clients are asked for, and what goes over the wire by our own hand is named by its action.
  for (const [, service, method] of sources.matchAll(/\b(ec2|ebs|s3|sts)\.([a-z]\w+)\(/g)) {
    if (service && method && !/^(destroy|send|snapshots?)$/.test(method)) add(service, method);
  }
  for (const [, service, action] of sources.matchAll(/'(ec2|ebs|s3|sts|kms|iam):([A-Z]\w+)'/g))
    found.add(`${service}:${action}`);
  // The key of a condition.
  found.delete('ec2:CreateAction');
  return found;
}

const chosen: Chosen = {
  partition: 'aws',
  region: 'eu-central-1',
  account: '123456789012',
  bucket: 'staging',
  prefix: 'landfall/',
  importRole: 'vmimport',
  transfer: 's3',
  kmsKeyArn: null,
  connectors: 'own',
  signIn: 'key',
  roleArn: null,
};
const actionsOf = (principal: 'console' | 'connector', choice: Chosen) =>
  policyOf(principal, choice).Statement.flatMap(({ Action }) => Action);

test('every call has a right, and no right is without a call', () => {
  const granted = RIGHTS.filter(({ by }) => by.some((one) => one !== 'vm-import')).map(({ action }) => action);
  const calls = called();
  expect(calls.size).toBeGreaterThan(30);
  expect([...calls].filter((action) => !granted.includes(action))).toEqual([]);
  // AWS asks for these itself, or a process of ours other than the ones that are read here.
  const indirect = (action: string) => action.startsWith('kms:') || action === 'sts:AssumeRole';
  expect(granted.filter((action) => !calls.has(action) && !indirect(action))).toEqual([]);
});

describe('a policy', () => {
  it('grants what is chosen and nothing else', () => {
    expect(actionsOf('console', chosen)).toContain('ec2:ImportSnapshot');
    expect(actionsOf('console', { ...chosen, transfer: 'ebs-direct' })).not.toContain('ec2:ImportSnapshot');
    expect(actionsOf('connector', chosen)).not.toContain('ebs:PutSnapshotBlock');
    const direct = { ...chosen, transfer: 'ebs-direct' } as const;
    expect(actionsOf('connector', direct)).toContain('ebs:PutSnapshotBlock');
    // A connector tags what it begins, and nothing else.
    expect(
      policyOf('connector', direct).Statement.find(({ Action }) => Action.includes('ec2:CreateTags')),
    ).toMatchObject({
      Action: ['ec2:CreateTags'],
      Condition: { StringEquals: { 'ec2:CreateAction': 'StartSnapshot' } },
    });
    expect(actionsOf('console', chosen)).not.toContain('s3:PutObject');
    expect(actionsOf('console', { ...chosen, connectors: 'lent' })).toContain('s3:PutObject');
    expect(actionsOf('console', chosen).filter((action) => action.startsWith('kms:'))).toEqual([]);
  });

  it('holds to bucket, prefix, key, Region and partition, and deletes only what Landfall made', () => {
    const kmsKeyArn = 'arn:aws-cn:kms:cn-north-1:123456789012:key/k';
    const china = { ...chosen, partition: 'aws-cn', region: 'cn-north-1', prefix: 'team/', kmsKeyArn };
    const { Statement } = policyOf('console', china);
    const byAction = (action: string, resource = '') =>
      Statement.find(({ Action, Resource }) => Action.includes(action) && Resource.join().includes(resource));
    expect(byAction('s3:DeleteObject', 'team')?.Resource).toEqual(['arn:aws-cn:s3:::staging/team/*']);
    expect(byAction('s3:ListBucket')?.Resource).toEqual(['arn:aws-cn:s3:::staging']);
    expect(byAction('ebs:StartSnapshot')?.Resource).toEqual(['arn:aws-cn:ec2:cn-north-1::snapshot/*']);
    expect(byAction('kms:Decrypt')?.Resource).toEqual([kmsKeyArn]);
    expect(byAction('ec2:RunInstances')?.Condition).toEqual({ StringEquals: { 'aws:RequestedRegion': 'cn-north-1' } });
    for (const action of ['ec2:DeleteSnapshot', 'ec2:DeregisterImage', 'ec2:TerminateInstances', 'ec2:StopInstances'])
      expect(byAction(action)?.Condition?.StringEquals).toMatchObject({
        'aws:ResourceTag/migration:managed-by': 'landfall',
      });
    const everything = Statement.filter(({ Resource }) => Resource.includes('*'));
    expect(everything.flatMap(({ Action }) => Action).filter((action) => !/^(ec2|sts):/.test(action))).toEqual([]);
  });

  it('has each statement id once, and fits where it is said to', () => {
    for (const transfer of ['s3', 'ebs-direct'] as const)
      for (const principal of PRINCIPALS) {
        const kmsKeyArn = `arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/${'k'.repeat(36)}`;
        const bucket = 'b'.repeat(63);
        const prefix = `${'p'.repeat(199)}/`;
        const largest: Chosen = { ...chosen, transfer, kmsKeyArn, bucket, prefix, connectors: 'lent' };
        const policy = policyOf(principal, largest);
        const sids = policy.Statement.map(({ Sid }) => Sid);
        expect(new Set(sids).size).toBe(sids.length);
        expect(sids.every((sid) => /^[A-Za-z0-9]+$/.test(sid))).toBe(true);
        expect(policySize(policy).characters).toBeLessThan(6144);
      }
    expect(policySize({ Statement: 'x'.repeat(2100) }).warning).toContain('inline of a user (2,048)');
    expect(policySize({ Statement: 'x'.repeat(7000) }).warning).toContain('managed (6,144)');
    expect(policySize({ Statement: 'x'.repeat(100) }).warning).toBeNull();
  });

  it('gives the statement of one right alone', () => {
    const right = rightsOf('console', chosen).find(({ action }) => action === 'ec2:DeleteSnapshot');
    expect(statementFor(right as (typeof RIGHTS)[number], chosen)).toMatchObject({
      Action: ['ec2:DeleteSnapshot'],
      Resource: ['*'],
      Condition: { StringEquals: { 'aws:ResourceTag/migration:managed-by': 'landfall' } },
    });
  });
});

describe('a template', () => {
  const choice = { ...chosen, externalId: 'landfall-4711', prefix: 'team/' };

  it('of CloudFormation makes bucket, roles and policies, and leaves a bucket that is there', () => {
    const template = JSON.parse(cloudFormationTemplate(choice));
    const { Resources } = template;
    expect(Object.keys(Resources)).toEqual([
      'StagingBucket',
      'StagingBucketPolicy',
      'ImportRole',
      'ConsolePolicy',
      'ConnectorPolicy',
      'ConsoleRole',
    ]);
    const rule = stagingRule('team/');
    expect(Resources.StagingBucket.Properties.LifecycleConfiguration.Rules).toEqual([
      {
        Id: rule.ID,
        Status: 'Enabled',
        Prefix: 'team/',
        ExpirationInDays: 7,
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      },
    ]);
    expect(Resources.StagingBucket.Properties.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    expect(Resources.StagingBucketPolicy.Properties.PolicyDocument.Statement[0]).toMatchObject({
      Effect: 'Deny',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
    expect(Resources.ConsoleRole.Properties.AssumeRolePolicyDocument.Statement[0]).toMatchObject({
      Principal: { AWS: { 'Fn::Sub': expect.stringContaining('{ConsolePrincipal}') } },
      Condition: { StringEquals: { 'sts:ExternalId': { 'Fn::Sub': expect.stringContaining('{ExternalId}') } } },
    });
    expect(template.Parameters.ExternalId.Default).toBe('landfall-4711');
    // Every variable is one that is there.
    const variables = [...JSON.stringify(template).matchAll(/\$\{([^}]+)\}/g)].map(([, name]) => name ?? '');
    expect(variables.filter((name) => !name.startsWith('AWS::') && !(name in template.Parameters))).toEqual([]);
  });

  it('makes no role for a console that assumes none, and no policy for connectors that have no key', () => {
    const bare = { ...choice, externalId: null, connectors: 'lent' as const };
    const { Resources, Parameters } = JSON.parse(cloudFormationTemplate(bare));
    expect(Object.keys(Resources)).not.toContain('ConsoleRole');
    expect(Object.keys(Resources)).not.toContain('ConnectorPolicy');
    expect(Object.keys(Parameters)).not.toContain('ExternalId');
    expect(terraformConfiguration(bare)).not.toMatch(/external_id|landfall-connector/);
  });

  it('of Terraform says the same', () => {
    const { resource, variable, data } = JSON.parse(terraformConfiguration(choice));
    expect(resource.aws_s3_bucket_lifecycle_configuration.staging.rule[0]).toMatchObject({
      filter: { prefix: 'team/' },
      expiration: { days: 7 },
      abort_incomplete_multipart_upload: { days_after_initiation: 7 },
    });
    const grants = (policy: { Statement: { Sid: string; Action: string[] }[] }) =>
      policy.Statement.map(({ Sid, Action }) => [Sid, Action]);
    const template = JSON.parse(cloudFormationTemplate(choice)).Resources;
    expect(grants(JSON.parse(resource.aws_iam_policy.console.policy))).toEqual(
      grants(template.ConsolePolicy.Properties.PolicyDocument),
    );
    expect(grants(JSON.parse(resource.aws_iam_policy.connector.policy))).toEqual(
      grants(template.ConnectorPolicy.Properties.PolicyDocument),
    );
    // Every reference leads to something that is there.
    const all = JSON.stringify({ resource });
    for (const [, name] of all.matchAll(/var\.(\w+)/g)) expect(Object.keys(variable)).toContain(name);
    for (const [, type, name] of all.matchAll(/data\.(\w+)\.(\w+)/g))
      expect(data[type as string]).toHaveProperty(name as string);
    for (const [, type, name] of all.matchAll(/\$\{(aws_\w+)\.(\w+)/g))
      expect(resource[type as string]).toHaveProperty(name as string);
  });
});

test('docs/aws-permissions.md has the policies and the table of rights as they are', async () => {
  const path = join(aws, '../../../docs/aws-permissions.md');
  // Written anew by `vitest -u`.
  await expect(permissionsPage(readFileSync(path, 'utf8'))).toMatchFileSnapshot(path);
});
