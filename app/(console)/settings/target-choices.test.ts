import { expect, it } from 'vitest';
import { targetSettingsInput } from '../../../server/services/targets/settings.ts';
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
  const { transfer, transport, verification } = targetSettingsInput.shape;
  expect(TRANSFER_CHOICES.map(({ value }) => value)).toEqual(transfer.options);
  expect(TRANSPORT_CHOICES.map(({ value }) => value)).toEqual(transport.options.filter((value) => value !== 'nbd'));
  expect(VERIFICATION_CHOICES.map(({ value }) => value)).toEqual(verification.options);
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
