// What the box above cards selects: of the rows that are shown, as the box in a table's head does. Pure.

interface Rows<T> {
  items: readonly T[];
  selected: readonly T[];
  keyOf(item: T): string;
  isDisabled?: ((item: T) => boolean) | undefined;
}

/** Whether all of them are selected, or some; `next` is the selection after the box was pressed, other pages' rows kept. */
export function selectAll<T>({ items, selected, keyOf, isDisabled }: Rows<T>) {
  const may = items.filter((item) => !isDisabled?.(item));
  const here = new Set(may.map(keyOf));
  const elsewhere = selected.filter((item) => !here.has(keyOf(item)));
  const count = selected.length - elsewhere.length;
  const all = may.length > 0 && count === may.length;
  return { may: may.length > 0, all, some: !all && count > 0, next: all ? elsewhere : [...elsewhere, ...may] };
}
