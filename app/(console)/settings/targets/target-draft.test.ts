import { expect, it } from 'vitest';
import {
  draftOfTarget,
  isSame,
  NEW_ENTRY,
  NEW_TARGET,
  problemsOfServer,
  rebased,
  type TargetDraft,
  targetOf,
} from './target-draft.ts';

const DRAFT: TargetDraft = { ...NEW_TARGET, name: 'Second', region: 'eu-west-1', bucket: 'our-bucket' };
const problems = (change: Partial<TargetDraft>) => targetOf({ ...DRAFT, ...change }).problems;

it('becomes a target and a draft again without losing anything', () => {
  const full: TargetDraft = {
    ...DRAFT,
    ...{
      s3: 'https://s3.internal',
      importRole: 'our-import',
      encryption: 'key',
      tags: [{ key: 'team', value: 'blue' }],
    },
    kmsKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/one',
    distribution: [
      { ...NEW_ENTRY, account: '123456789012' },
      { ...NEW_ENTRY, kind: 'region', region: 'us-east-1', kmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/two' },
      { ...NEW_ENTRY, kind: 'target', targetId: 'target-1' },
    ],
    ...{ launches: true, subnetId: 'subnet-0a', securityGroups: 'sg-01, sg-02', publicAddress: 'no' },
  };
  const { target } = targetOf(full);
  expect(target).toMatchObject({
    endpoints: { s3: 'https://s3.internal' },
    encrypted: true,
    launchDefaults: { instanceType: null, securityGroupIds: ['sg-01', 'sg-02'], publicAddress: false, keyName: null },
  });
  expect(target && isSame(draftOfTarget(target), full)).toBe(true);
});

it('leaves out what is switched off, whatever stands in its fields', () => {
  const { target } = targetOf({ ...DRAFT, kmsKeyArn: 'left over', subnetId: 'left over' });
  expect(target).toMatchObject({ encrypted: false, kmsKeyArn: null, launchDefaults: null });
});

it('says at each field what is wrong with it', () => {
  expect(Object.keys(problems({ name: '', region: 'Frankfurt', bucket: 'A', prefix: 'x' }) ?? {}).sort()).toEqual([
    'bucket',
    'name',
    'prefix',
    'region',
  ]);
  expect(problems({ ec2: 'nowhere' })).toEqual({ ec2: expect.stringContaining('An address') });
  expect(problems({ encryption: 'key', kmsKeyArn: 'alias/x' })).toHaveProperty('kmsKeyArn');
  expect(problems({ encryption: 'key', kmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/one' })).toEqual({
    kmsKeyArn: expect.stringContaining('one of us-east-1'),
  });
  expect(problems({ launches: true, subnetId: 'net', securityGroups: '' })).toEqual({
    subnetId: 'Choose a subnet.',
    securityGroups: 'Choose at least one security group.',
  });
  expect(problems({ launches: true, subnetId: 'subnet-0a', securityGroups: 'default' })).toHaveProperty(
    'securityGroups',
  );
  expect(
    problems({
      tags: [
        { key: 'a', value: '' },
        { key: 'a', value: '' },
        { key: 'aws:x', value: '' },
      ],
    }),
  ).toEqual({
    'tags.1.key': 'This key is used twice.',
    'tags.2.key': expect.any(String),
  });
  expect(problemsOfServer({ 'endpoints.s3': 'No', bucket: 'Taken' })).toEqual({ s3: 'No', bucket: 'Taken' });
});

it('keeps what was typed when somebody else has changed the rest', () => {
  const now = { ...DRAFT, bucket: 'theirs', verification: 'full' as const };
  expect(rebased({ ...DRAFT, name: 'Mine' }, DRAFT, now)).toEqual({ ...now, name: 'Mine' });
});

it('says at the entry where AMIs cannot be shared or copied', () => {
  const entry = (change: object) => ({ ...NEW_ENTRY, ...change }) as TargetDraft['distribution'][number];
  const of = (...distribution: TargetDraft['distribution']) => problems({ distribution });
  expect(of(entry({ account: '1234 5678 9012' }), entry({ kind: 'region', region: 'us-east-1' }))).toBeUndefined();
  expect(of(entry({ account: '12' }))).toEqual({ 'distribution.0': expect.stringContaining('twelve digits') });
  expect(of(entry({ kind: 'region', region: 'eu-west-1' }))).toEqual({
    'distribution.0': expect.stringContaining('already'),
  });
  expect(of(entry({ kind: 'target' }))).toEqual({ 'distribution.0': 'Choose a target.' });
  const shared = { distribution: [entry({ account: '123456789012' })], encryption: 'default' as const };
  expect(problems(shared)).toEqual({ 'distribution.0': expect.stringContaining('AWS shares no AMI') });
});
