import { expect, it } from 'vitest';
import { NEW_SIGN_IN, type SignInDraft, signInOf, trustPolicy } from './sign-in-draft.ts';

const of = (change: Partial<SignInDraft>) => signInOf({ ...NEW_SIGN_IN, ...change });

it('sends what the chosen way needs, and nothing of the others', () => {
  const full = { roleArn: ' arn:aws:iam::123456789012:role/us ', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' };
  const secretAccessKey = 's'.repeat(40);
  expect(of({ ...full, secretAccessKey }).signIn).toEqual({
    kind: 'assume-role',
    roleArn: 'arn:aws:iam::123456789012:role/us',
  });
  expect(of({ ...full, secretAccessKey, kind: 'access-key' }).signIn).toEqual({
    ...{ kind: 'access-key', accessKeyId: full.accessKeyId, secretAccessKey },
  });
  expect(of({ ...full, kind: 'default-chain' }).signIn).toEqual({ kind: 'default-chain' });
});

it('says at each field what is wrong with it', () => {
  expect(Object.keys(of({ roleArn: 'landfall' }).problems ?? {})).toEqual(['roleArn']);
  expect(Object.keys(of({ kind: 'access-key' }).problems ?? {})).toEqual(['accessKeyId', 'secretAccessKey']);
});

it('lets a role be assumed with the external id only', () => {
  const [statement] = JSON.parse(trustPolicy('landfall-1', 'aws-cn')).Statement;
  expect(statement.Condition).toEqual({ StringEquals: { 'sts:ExternalId': 'landfall-1' } });
  expect(statement.Principal.AWS).toMatch(/^arn:aws-cn:iam::/);
});
