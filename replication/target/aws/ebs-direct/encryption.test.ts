import { expect, test } from 'vitest';
import { toFault } from '../../../model/fault.ts';
import { planEncryption, type WantedEncryption } from './encryption.ts';
import type { AccountEncryption } from './port.ts';

const key = (name: string) => `arn:aws:kms:eu-central-1:123456789012:key/${name}`;
const off: WantedEncryption = { encrypted: false, kmsKeyArn: null };
const on: WantedEncryption = { encrypted: true, kmsKeyArn: null };
const own: WantedEncryption = { encrypted: true, kmsKeyArn: key('own') };
const plainAccount: AccountEncryption = { byDefault: false, defaultKey: 'alias/aws/ebs' };
const strictAccount: AccountEncryption = { byDefault: true, defaultKey: 'alias/aws/ebs' };
const keyedAccount: AccountEncryption = { byDefault: true, defaultKey: key('default') };
const parent = (kmsKeyArn: string | null, state: 'completed' | 'pending' = 'completed') => ({
  snapshotId: 'snap-1',
  state,
  encrypted: kmsKeyArn !== null,
  kmsKeyArn,
});

test.each([
  ['nothing wanted', off, plainAccount, undefined],
  ['the account encrypts by itself', off, strictAccount, undefined],
  ['the default key', on, plainAccount, { encrypted: true }],
  ['a chosen key', own, strictAccount, { encrypted: true, kmsKeyArn: key('own') }],
] as const)('a new chain asks AWS for what the job wants: %s', (_, wanted, account, encryption) => {
  expect(planEncryption(wanted, account, null)).toEqual({ encryption, newChain: null });
});

test.each([
  ['plain on plain', off, plainAccount, parent(null), null],
  ['any key where the default is told by its alias', on, strictAccount, parent(key('x')), null],
  ['the chosen key', own, plainAccount, parent(key('own')), null],
  ['encrypted by the account, though not asked for', off, strictAccount, parent(key('x')), null],
  ['the account’s default key', on, keyedAccount, parent(key('default')), null],
  ['encryption switched on', on, plainAccount, parent(null), /not encrypted/],
  ['encryption switched off', off, plainAccount, parent(key('x')), /switched off/],
  ['the account began to encrypt', off, strictAccount, parent(null), /account now encrypts/],
  ['another key chosen', own, plainAccount, parent(key('x')), /another key/],
  ['another default key', on, keyedAccount, parent(key('x')), /another key/],
  ['not completed', off, plainAccount, parent(null, 'pending'), /not completed/],
] as const)('whether a parent still fits: %s', (_, wanted, account, given, newChain) => {
  const plan = planEncryption(wanted, account, given);
  if (newChain) expect(plan.newChain).toMatch(newChain);
  else expect(plan.newChain).toBeNull();
});

test.each([
  ['an alias', { encrypted: true, kmsKeyArn: 'alias/team' }],
  ['a key without encryption', { encrypted: false, kmsKeyArn: key('own') }],
])('%s is refused before AWS is asked', (_, wanted) => {
  try {
    planEncryption(wanted, plainAccount, null);
    expect.unreachable();
  } catch (error) {
    expect(toFault(error).code).toBe('input-invalid');
  }
});
