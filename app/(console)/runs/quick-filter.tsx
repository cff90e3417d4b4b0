'use client';
// The most wanted filters of the list of runs, one click each.
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import type { TableState } from '../../_ui/table-state.ts';

const CHOICES = [
  { id: 'all', text: 'All' },
  { id: 'active', text: 'Running' },
  { id: 'pending', text: 'Queued' },
];

/** Replaces the current filter. */
export function QuickFilter({ state }: { state: TableState }) {
  const { tokens } = state.query.filter;
  const [only] = tokens;
  const chosen =
    tokens.length === 0
      ? 'all'
      : tokens.length === 1 && only?.property === 'state' && only.operator === '='
        ? (CHOICES.find(({ id }) => id === only.value)?.id ?? null)
        : null;
  return (
    <SegmentedControl
      label="Runs shown"
      selectedId={chosen}
      options={CHOICES}
      onChange={({ detail }) =>
        state.setFilter({
          operation: 'and',
          tokens: detail.selectedId === 'all' ? [] : [{ property: 'state', operator: '=', value: detail.selectedId }],
        })
      }
    />
  );
}
