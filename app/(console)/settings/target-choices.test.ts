import { expect, it } from 'vitest';
import { targetSettingsInput } from '../../../server/services/targets/settings.ts';
import { differs, labelOf, TRANSFER_CHOICES, TRANSPORT_CHOICES, VERIFICATION_CHOICES } from './target-choices.ts';

const settings = { transfer: 's3', transport: 'auto', verification: 'sampled' } as const;

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
