// What a person reads of a target's test.
import { expect, it } from 'vitest';
import type { TargetFinding, TriedRight } from '../../../../replication/model/target-test.ts';
import { byUrgency, summaryOf, whoDenies } from './test-words.ts';

const right = (action: string, outcome: TriedRight['outcome']): TriedRight => ({
  ...{ action, outcome, on: 'any', purpose: '', need: '', detail: '' },
});
const finding = (outcome: TargetFinding['outcome']): TargetFinding => ({
  id: 'b',
  label: 'Bucket',
  outcome,
  detail: '',
});

it('sums a test up, and is red for whatever would make a run fail', () => {
  const rights = [right('a', 'allowed'), right('b', 'denied'), right('c', 'not-tried'), right('d', 'denied')];
  expect(summaryOf({ rights, findings: [] })).toEqual({
    type: 'error',
    text: '1 of 4 rights are there, 2 are denied, 1 could not be tried.',
  });
  const good = [right('a', 'allowed')];
  expect(summaryOf({ rights: good, findings: [finding('advice')] })).toEqual({
    type: 'success',
    text: '1 of 1 rights are there.',
  });
  expect(summaryOf({ rights: good, findings: [finding('bad')] }).type).toBe('error');
  expect(summaryOf({ rights: [right('a', 'not-tried')], findings: [] }).type).toBe('warning');
});

it('shows what is wrong first, else in the order of the policy', () => {
  const rights = [right('a', 'allowed'), right('b', 'not-tried'), right('c', 'denied'), right('d', 'allowed')];
  expect(byUrgency(rights).map(({ action }) => action)).toEqual(['c', 'b', 'a', 'd']);
});

it('tells a policy that denies from one that lacks the right', () => {
  expect(whoDenies({ by: 'permissions boundary', explicit: false })).toBe(
    'The permissions boundary of the identity does not allow it.',
  );
  expect(whoDenies({ by: 'bucket policy', explicit: true })).toBe('The policy of the bucket denies it.');
});
