import { expect, it } from 'vitest';
import { TRANSFER_PATHS } from '../../../../replication/model/baseline.ts';
import { CONNECTOR_SIGN_INS, SIGN_IN_KINDS } from '../../../../replication/model/target.ts';
import {
  CONNECTOR_CHOICES,
  encryptionOf,
  labelOf,
  SIGN_IN_CHOICES,
  TRANSFER_CHOICES,
  TRANSPORT_CHOICES,
  VERIFICATION_CHOICES,
} from './target-choices.ts';

it('offers what the server takes, and not NBD, by which nothing is read', () => {
  expect(TRANSFER_CHOICES.map(({ value }) => value)).toEqual(TRANSFER_PATHS);
  expect(TRANSPORT_CHOICES.map(({ value }) => value)).toEqual(['auto', 'nfc', 'folder']);
  expect(VERIFICATION_CHOICES.map(({ value }) => value)).toEqual(['sampled', 'full']);
});

it('shows by its own name what is kept and not offered', () => {
  expect(labelOf(TRANSPORT_CHOICES, 'folder')).toBe('Datastore files');
  expect(labelOf(TRANSPORT_CHOICES, 'nbd')).toBe('NBD');
});

it('knows encryption as one choice', () => {
  expect(encryptionOf({ encrypted: false, kmsKeyArn: null })).toBe('off');
  expect(encryptionOf({ encrypted: true, kmsKeyArn: null })).toBe('default');
  expect(encryptionOf({ encrypted: true, kmsKeyArn: 'arn' })).toBe('key');
});

it('has words for every way to sign in', () => {
  expect(SIGN_IN_CHOICES.map(({ value }) => value).sort()).toEqual([...SIGN_IN_KINDS].sort());
  expect(CONNECTOR_CHOICES.map(({ value }) => value)).toEqual(CONNECTOR_SIGN_INS);
});
