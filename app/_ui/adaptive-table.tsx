'use client';
// A table that becomes cards where the window is narrow: rows in columns would show one and a half of them there.
// Every table of the console is one, so that selection, sorting, paging and empty states are the same at both widths.
import Cards, { type CardsProps } from '@cloudscape-design/components/cards';
import Checkbox from '@cloudscape-design/components/checkbox';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import { type ReactNode, useRef } from 'react';
import { CardOrder } from './card-order.tsx';
import { sectionShares } from './card-sections.ts';
import { useNarrow } from './narrow.ts';
import { selectAll } from './select-all.ts';

export interface AdaptiveTableProps<T> extends Omit<TableProps<T>, 'onRowClick' | 'ariaLabels'> {
  ariaLabels: TableProps.AriaLabels<T> & { tableLabel: string };
  trackBy: string | ((item: T) => string);
  /** A click on the row or the card itself, not on something in it, and not the end of marking text. */
  onItemClick?: (item: T) => void;
}

/** The column with `isRowHeader` heads the card; the others are its sections, in the table's order. */
export function AdaptiveTable<T>(props: AdaptiveTableProps<T>) {
  const narrow = useNarrow();
  return narrow ? <AsCards {...props} /> : <AsTable {...props} />;
}

function AsTable<T>({ onItemClick, ...props }: AdaptiveTableProps<T>) {
  const clicked = useRef<EventTarget | null>(null);
  const table = (
    <Table<T>
      {...props}
      {...(onItemClick
        ? {
            onRowClick: ({ detail }) => {
              if (isPlainClick(clicked.current)) onItemClick(detail.item);
            },
          }
        : {})}
    />
  );
  return (
    <div
      className="adaptive-table contents"
      role="presentation"
      onClickCapture={({ target }) => {
        clicked.current = target;
      }}
    >
      {table}
    </div>
  );
}

function AsCards<T>(props: AdaptiveTableProps<T>) {
  const { items, trackBy, ariaLabels, selectionType, selectedItems = [], onItemClick } = props;
  const columns = inOrder(props);
  const head = columns.find(({ isRowHeader }) => isRowHeader);
  const others = columns.filter((column) => column !== head);
  const shares = sectionShares(others.map(({ width, minWidth }) => Number(width ?? minWidth ?? 0) || WIDE));
  const sections = others.map((column, at) => ({
    id: column.id ?? String(at),
    header: column.header,
    content: (item: T) => <div className="pr-3 wrap-anywhere">{column.cell(item)}</div>,
    width: shares[at] ?? 100,
  }));
  const list = useRef<HTMLDivElement>(null);
  const select = (selected: readonly T[]) =>
    props.onSelectionChange?.(new CustomEvent('select', { detail: { selectedItems: [...selected] } }));

  function cardClicked(target: EventTarget) {
    const cards = list.current?.querySelector('ol')?.children;
    if (!onItemClick || !cards || !(target instanceof Node) || !isPlainClick(target)) return;
    const item = items[[...cards].findIndex((card) => card.contains(target))];
    if (item !== undefined) onItemClick(item);
  }

  const tools: ReactNode[] = [
    props.filter && <div key="filter">{props.filter}</div>,
    items.length > 1 && props.onSortingChange && <CardOrder key="order" table={props} />,
    items.length > 1 && selectionType === 'multi' && (
      <SelectAll key="all" table={props} selected={selectedItems} onChange={select} />
    ),
  ].filter(Boolean);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keyboard has each card's box or button
    <div ref={list} className="card-list" role="presentation" onClick={({ target }) => cardClicked(target)}>
      <Cards<T>
        variant={props.variant === 'full-page' ? 'full-page' : 'container'}
        items={items}
        trackBy={trackBy}
        cardDefinition={{ ...(head ? { header: head.cell } : {}), sections }}
        header={props.header}
        {...(tools.length > 0 ? { filter: <div className="flex flex-col gap-3">{tools}</div> } : {})}
        pagination={props.pagination}
        preferences={props.preferences}
        empty={props.empty}
        loading={props.loading ?? false}
        {...(props.loadingText ? { loadingText: props.loadingText } : {})}
        {...(selectionType ? { selectionType } : {})}
        selectedItems={selectedItems}
        {...(props.isItemDisabled ? { isItemDisabled: props.isItemDisabled } : {})}
        onSelectionChange={({ detail }) => select(detail.selectedItems)}
        {...(props.totalItemsCount === undefined ? {} : { totalItemsCount: props.totalItemsCount })}
        {...(props.firstIndex === undefined ? {} : { firstIndex: props.firstIndex })}
        {...(props.renderAriaLive
          ? {
              renderAriaLive: ({ firstIndex, lastIndex, totalItemsCount = 0 }) =>
                props.renderAriaLive?.({ firstIndex, lastIndex, totalItemsCount, visibleItemsCount: items.length }) ??
                '',
            }
          : {})}
        ariaLabels={cardLabels(ariaLabels)}
      />
    </div>
  );
}

/** A column without a width takes what it needs. */
const WIDE = 1000;

/** The shown columns in the order of the table. */
function inOrder<T>({ columnDefinitions, columnDisplay }: AdaptiveTableProps<T>): TableProps.ColumnDefinition<T>[] {
  if (!columnDisplay) return [...columnDefinitions];
  return columnDisplay.flatMap((shown) => {
    if (!('visible' in shown) || !shown.visible) return [];
    return columnDefinitions.filter(({ id }) => id === shown.id);
  });
}

function cardLabels<T>(labels: AdaptiveTableProps<T>['ariaLabels']): CardsProps.AriaLabels<T> {
  return {
    cardsLabel: labels.tableLabel,
    selectionGroupLabel: labels.selectionGroupLabel ?? labels.tableLabel,
    itemSelectionLabel: (selection, item) =>
      labels.itemSelectionLabel?.({ selectedItems: [...selection.selectedItems] }, item) ?? '',
  };
}

/** What the box in the head of a table does. */
function SelectAll<T>(props: {
  table: AdaptiveTableProps<T>;
  selected: readonly T[];
  onChange: (selected: readonly T[]) => void;
}) {
  const { table, selected, onChange } = props;
  const { trackBy } = table;
  const { may, all, some, next } = selectAll({
    items: table.items,
    selected,
    keyOf: (item) => (typeof trackBy === 'function' ? trackBy(item) : String(item[trackBy as keyof T])),
    isDisabled: table.isItemDisabled,
  });
  return (
    <Checkbox
      checked={all}
      indeterminate={some}
      disabled={!may}
      ariaLabel={table.ariaLabels.allItemsSelectionLabel?.({ selectedItems: [...selected] }) ?? 'Select all'}
      onChange={() => onChange(next)}
    >
      Select all
    </Checkbox>
  );
}

/** A click on the row itself, not on something in it, and not the end of marking text. */
function isPlainClick(target: EventTarget | null): boolean {
  if (
    target instanceof Element &&
    target.closest('a, button, input, label, select, [role="button"], [role="option"], summary')
  )
    return false;
  return !window.getSelection()?.toString();
}
