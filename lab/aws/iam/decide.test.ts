// IAM's logic: which policies together allow a request, and which of them is to be blamed.
import { describe, expect, it } from 'vitest';
import { conditionContext } from './conditions.ts';
import { decide, type Principal, type Question } from './decide.ts';
import { policyDocument } from './policy.ts';

const document = (...statements: object[]) => policyDocument.parse({ Version: '2012-10-17', Statement: statements });
const allow = (Action: string | string[], Resource: string | string[] = '*', more: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
});
const deny = (Action: string, Resource = '*', more: object = {}) => ({
  ...allow(Action, Resource, more),
  Effect: 'Deny',
});
const everything = document(allow('*'));

const user: Principal = {
  kind: 'user',
  account: '111111111111',
  arn: 'arn:aws:iam::111111111111:user/ann',
  issuer: 'arn:aws:iam::111111111111:user/ann',
  userId: 'AIDA1',
  identity: [everything],
  boundary: null,
  session: null,
  serviceControl: null,
};
const object = 'arn:aws:s3:::bucket/landfall/ann/disk.vmdk';
const asked = (more: Partial<Question> & { values?: Record<string, string | string[]> } = {}): Question => ({
  action: 's3:PutObject',
  resource: object,
  context: conditionContext(more.values ?? {}),
  ...more,
});
const said = (who: Partial<Principal>, question = asked()) => {
  const denial = decide({ ...user, ...who }, question);
  return denial && `${denial.explicit ? 'deny' : 'no allow'}: ${denial.by}`;
};

describe('which policies must allow', () => {
  it('every kind that applies, and the first that does not is told', () => {
    expect(said({})).toBeNull();
    expect(said({ identity: [document(allow('s3:Get*'))] })).toBe('no allow: identity-based policy');
    expect(said({ boundary: document(allow('ec2:*')) })).toBe('no allow: permissions boundary');
    expect(said({ session: [document(allow('s3:PutObject', 'arn:aws:s3:::bucket/other/*'))] })).toBe(
      'no allow: session policy',
    );
    expect(said({ session: [] })).toBe('no allow: session policy');
    expect(said({ serviceControl: [document(allow('ec2:*'))] })).toBe('no allow: service control policy');
  });

  it('and a Deny anywhere outweighs them', () => {
    expect(said({ identity: [everything, document(deny('s3:PutObject'))] })).toBe('deny: identity-based policy');
    expect(said({ boundary: document(allow('*'), deny('s3:*')) })).toBe('deny: permissions boundary');
    expect(said({ session: [document(allow('*'), deny('s3:*'))] })).toBe('deny: session policy');
    expect(said({ serviceControl: [document(allow('*'), deny('*', object))] })).toBe('deny: service control policy');
    const resourcePolicy = document(deny('s3:*', '*', { Principal: '*' }));
    expect(said({ identity: null }, asked({ resourcePolicy }))).toBe('deny: resource-based policy');
  });

  it('the policy of a resource stands in for the identity, and must agree to another account', () => {
    const none = { identity: [document(allow('ec2:*'))] };
    const to = (AWS: string) => asked({ resourcePolicy: document(allow('s3:*', '*', { Principal: { AWS } })) });
    expect(said(none, to(user.arn))).toBeNull();
    expect(said({ ...none, session: [] }, to(user.arn))).toBeNull();
    expect(said(none, to(user.account))).toBe('no allow: identity-based policy');
    const foreign = { resourceAccount: '222222222222' };
    expect(said({}, asked(foreign))).toBe('no allow: resource-based policy');
    expect(said({}, { ...to(user.account), ...foreign })).toBeNull();
    expect(said(none, { ...to(user.account), ...foreign })).toBe('no allow: identity-based policy');
    expect(said({}, asked({ needsResourcePolicy: true }))).toBe('no allow: resource-based policy');
  });
});

describe('what a statement covers', () => {
  const with_ = (...statements: object[]) => ({ identity: [document(...statements)] });
  const lacking = 'no allow: identity-based policy';

  it('actions in any case, and what is not excepted', () => {
    expect(said(with_(allow('S3:put*')))).toBeNull();
    expect(said(with_({ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }))).toBeNull();
    expect(said(with_({ Effect: 'Allow', NotAction: 's3:*', Resource: '*' }))).toBe(lacking);
    expect(said(with_({ Effect: 'Allow', Action: 's3:*', NotResource: 'arn:aws:s3:::bucket/landfall/*' }))).toBe(
      lacking,
    );
  });

  it('resources with wildcards part by part, and variables', () => {
    expect(said(with_(allow('s3:*', 'arn:aws:s3:::bucket/landfall/*')))).toBeNull();
    expect(said(with_(allow('s3:*', `arn:aws:s3:::bucket/landfall/$\{aws:username}/*`)))).toBeNull();
    expect(said(with_(allow('s3:*', `arn:aws:s3:::bucket/landfall/$\{aws:nothing}/*`)))).toBe(lacking);
    expect(said(with_(allow('s3:*', 'arn:aws:s3:::bucke?/*')))).toBeNull();
    const snapshot = asked({ action: 'ebs:GetSnapshotBlock', resource: 'arn:aws:ec2:eu-west-1::snapshot/snap-1' });
    expect(said(with_(allow('ebs:*', 'arn:aws:ec2:*::snapshot/*')), snapshot)).toBeNull();
    expect(said(with_(allow('ebs:*', 'arn:aws:ec2:*:snapshot/*')), snapshot)).toBe(lacking);
  });

  it.each([
    ['StringEquals', 'aws:ResourceTag/run', 'one', { 'aws:ResourceTag/run': 'one' }, true],
    ['StringEquals', 'aws:ResourceTag/run', 'one', {}, false],
    ['StringEqualsIfExists', 'aws:ResourceTag/run', 'one', {}, true],
    ['StringEqualsIfExists', 'aws:ResourceTag/run', 'one', { 'aws:ResourceTag/run': 'two' }, false],
    ['StringNotEquals', 'aws:RequestTag/run', 'one', {}, true],
    ['StringLike', 's3:prefix', ['landfall/*', 'other/*'], { 's3:prefix': 'other/x' }, true],
    ['StringLike', 's3:prefix', 'landfall/*', {}, false],
    [
      'ArnLike',
      'ebs:ParentSnapshot',
      'arn:aws:ec2:*::snapshot/snap-1*',
      { 'ebs:ParentSnapshot': 'arn:aws:ec2:eu-west-1::snapshot/snap-12' },
      true,
    ],
    ['Bool', 'aws:SecureTransport', 'true', { 'aws:SecureTransport': 'true' }, true],
    ['Null', 'aws:RequestTag/run', 'true', {}, true],
    ['NumericLessThanEquals', 'ebs:VolumeSize', '100', { 'ebs:VolumeSize': '101' }, false],
    ['ForAllValues:StringEquals', 'aws:TagKeys', ['a', 'b'], { 'aws:TagKeys': ['a', 'c'] }, false],
    ['ForAllValues:StringEquals', 'aws:TagKeys', ['a', 'b'], {}, true],
    ['ForAnyValue:StringEquals', 'aws:TagKeys', ['a'], { 'aws:TagKeys': ['a', 'c'] }, true],
  ])('%s %s', (operator, key, wanted, values, met) => {
    const conditional = with_(allow('s3:*', '*', { Condition: { [operator]: { [key]: wanted } } }));
    expect(said(conditional, asked({ values: values as Record<string, string> }))).toBe(met ? null : lacking);
  });

  it('and what the lab could not evaluate is no document', () => {
    const broken = [
      { Effect: 'Allow', Action: 's3:*', Resource: '*', Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } },
      { Effect: 'Allow', Resource: '*' },
      { Effect: 'Maybe', Action: '*', Resource: '*' },
    ];
    for (const Statement of broken) expect(policyDocument.safeParse({ Statement }).success).toBe(false);
  });
});
