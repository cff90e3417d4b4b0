'use client';
// The order of cards: they have no column heads to press.
import Button from '@cloudscape-design/components/button';
import Select from '@cloudscape-design/components/select';
import type { TableProps } from '@cloudscape-design/components/table';

interface CardOrderProps<T> {
  table: Pick<TableProps<T>, 'columnDefinitions' | 'sortingColumn' | 'sortingDescending' | 'onSortingChange'>;
}

/** By any column, shown or not. */
export function CardOrder<T>({ table }: CardOrderProps<T>) {
  const { columnDefinitions, sortingColumn, sortingDescending = false } = table;
  const options = columnDefinitions.flatMap(({ sortingField, header }) =>
    sortingField ? [{ value: sortingField, label: String(header) }] : [],
  );
  if (options.length === 0) return null;
  const chosen = options.find(({ value }) => value === sortingColumn?.sortingField) ?? null;
  const order = (sortingField: string, isDescending: boolean) =>
    table.onSortingChange?.(new CustomEvent('sort', { detail: { sortingColumn: { sortingField }, isDescending } }));
  const direction = sortingDescending ? 'Descending' : 'Ascending';
  return (
    <div className="flex items-end gap-2">
      <div className="min-w-0 flex-1">
        <Select
          ariaLabel="Sort by"
          inlineLabelText="Sort by"
          placeholder="–"
          selectedOption={chosen}
          options={options}
          onChange={({ detail }) => order(detail.selectedOption.value ?? '', sortingDescending)}
        />
      </div>
      <Button
        iconName={sortingDescending ? 'caret-down-filled' : 'caret-up-filled'}
        ariaLabel={`${direction}: change the direction`}
        disabled={!chosen}
        onClick={() => chosen && order(chosen.value, !sortingDescending)}
      />
    </div>
  );
}
