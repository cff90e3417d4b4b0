import { expect, it } from 'vitest';
import { TRANSFER_PATHS } from '../../../replication/model/baseline.ts';
import {
  beginsNewChains,
  differs,
  encryptionOf,
  labelOf,
  TRANSFER_CHOICES,
  TRANSPORT_CHOICES,
  VERIFICATION_CHOICES,
} from './target-choices.ts';

const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/one';
const settings = {
  transfer: 's3',
  transport: 'auto',
  verification: 'sampled',
  encrypted: false,
  kmsKeyArn: null,
} as const;

it('offers what the server takes, and not NBD, by which nothing is read', () => {
  expect(TRANSFER_CHOICES.map(({ value }) => value)).toEqual(TRANSFER_PATHS);
  expect(TRANSPORT_CHOICES.map(({ value }) => value)).toEqual(['auto', 'nfc', 'folder']);
  expect(VERIFICATION_CHOICES.map(({ value }) => value)).toEqual(['sampled', 'full']);
});

it('shows by its own name what is kept and not offered', () => {
  expect(labelOf(TRANSPORT_CHOICES, 'folder')).toBe('Datastore files');
  expect(labelOf(TRANSPORT_CHOICES, 'nbd')).toBe('NBD');
});

it('saves only what differs', () => {
  expect(differs(settings, { ...settings })).toBe(false);
  for (const other of [{ transfer: 'ebs-direct' }, { transport: 'nfc' }, { verification: 'full' }] as const) {
    expect(differs(settings, { ...settings, ...other })).toBe(true);
  }
});

it('knows encryption as one choice, and that another key begins new chains', () => {
  expect(encryptionOf(settings)).toBe('off');
  expect(encryptionOf({ encrypted: true, kmsKeyArn: null })).toBe('default');
  expect(encryptionOf({ encrypted: true, kmsKeyArn: KEY })).toBe('key');
  expect(beginsNewChains(settings, { ...settings, transfer: 'ebs-direct', verification: 'full' })).toBe(false);
  expect(beginsNewChains(settings, { ...settings, encrypted: true })).toBe(true);
  expect(beginsNewChains({ ...settings, encrypted: true }, { ...settings, encrypted: true, kmsKeyArn: KEY })).toBe(
    true,
  );
  expect(differs(settings, { ...settings, encrypted: true })).toBe(true);
});
