'use client';
// The table of every list page: paging, sorting and filter on the server, all of it in the URL (table-state.ts).
// On a narrow screen its rows are cards.
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import { type ReactNode, useEffect, useMemo } from 'react';
import { AdaptiveTable } from './adaptive-table.tsx';
import { EmptyTeaching } from './empty-teaching.tsx';
import { FaultCard, type FaultText } from './fault-card.tsx';
import { useNarrow } from './narrow.ts';
import { formatCount } from './quantity.ts';
import { columnDisplay, type ResourceColumn, sortKeyOf, type TablePreferences } from './table-columns.ts';
import { TableFilter } from './table-filter.tsx';
import { correction, countText, spokenCount, type TablePage } from './table-pages.ts';
import { TablePagination } from './table-pagination.tsx';
import { TablePreferencesDialog } from './table-preferences.tsx';
import type { TableState } from './table-state.ts';

export interface ResourceTableProps<T> {
  /** `{ one: 'server', many: 'servers' }`, for every text around the rows. */
  noun: { one: string; many: string };
  title: string;
  description?: ReactNode;
  /** Buttons on the right of the title. */
  actions?: ReactNode;
  columns: readonly ResourceColumn<T>[];
  state: TableState;
  /** The answer of the list procedure; undefined while there is none yet. */
  data: TablePage<T> | undefined;
  /** `data` is still that of another page, order or filter. */
  outdated?: boolean;
  fault?: FaultText | null;
  onRetry?: () => void;
  rowId: (item: T) => string;
  rowName: (item: T) => string;
  selection?: 'single' | 'multi';
  /** Rows that are shown but cannot be selected; a column says why. */
  rowDisabled?: (item: T) => boolean;
  /** An `<EmptyTeaching>`, for when there is nothing at all. */
  empty: ReactNode;
  preferences?: TablePreferences;
  onPreferences?: (preferences: TablePreferences) => void;
  /** The menu of saved views, beside the filter. */
  views?: ReactNode;
  /** `full-page` where the table is the page; `container` where it is one part of it. */
  variant?: 'full-page' | 'container' | 'borderless' | 'embedded';
}

export function ResourceTable<T>(props: ResourceTableProps<T>) {
  const { noun, columns, state, data, rowId, rowName, preferences = {}, variant = 'full-page' } = props;
  const { query } = state;
  const items = data?.items ?? [];

  const corrected = data && !props.outdated ? correction(query, data) : null;
  useEffect(() => {
    if (corrected) state.correctPage(corrected);
  });

  const definitions = useMemo(
    () =>
      columns.map((column) => ({
        id: column.id,
        header: column.header,
        cell: column.cell,
        minWidth: column.minWidth ?? Math.min(column.width, 110),
        width: preferences.widths?.[column.id] ?? column.width,
        isRowHeader: column.isName ?? false,
        ...(column.sort ? { sortingField: sortKeyOf(column) } : {}),
      })),
    [columns, preferences.widths],
  );
  const sorted = columns.find((column) => column.sort && sortKeyOf(column) === query.sort?.by);
  const sortingDefinition = definitions.find(({ id }) => id === sorted?.id);
  // Cards are chosen for themselves: what fits into a row is no measure for them.
  const chosenAs = useNarrow() ? 'cardColumns' : 'columns';
  const display = columnDisplay(columns, preferences[chosenAs]);
  const filtered = query.filter.tokens.length > 0;

  const onPage = new Set(items.map(rowId));
  const selected = items.filter((item) => state.selectedIds.includes(rowId(item)));

  return (
    <AdaptiveTable<T>
      variant={variant}
      stickyHeader={variant === 'full-page'}
      resizableColumns
      enableKeyboardNavigation
      trackBy={rowId}
      items={items}
      columnDefinitions={definitions}
      columnDisplay={display}
      loading={!data && !props.fault}
      loadingText={`Loading ${noun.many}`}
      {...(data ? {} : { skeleton: { totalRows: Math.min(8, query.pageSize) } })}
      wrapLines={preferences.wrapLines ?? true}
      stripedRows={preferences.stripedRows ?? false}
      contentDensity={preferences.density ?? 'comfortable'}
      {...(sortingDefinition ? { sortingColumn: sortingDefinition } : {})}
      sortingDescending={query.sort?.descending ?? false}
      onSortingChange={({ detail }) => {
        const by = detail.sortingColumn.sortingField;
        if (by) state.setSort({ by, descending: detail.isDescending ?? false });
      }}
      {...(props.selection ? { selectionType: props.selection } : {})}
      selectedItems={selected}
      {...(props.rowDisabled ? { isItemDisabled: props.rowDisabled } : {})}
      onSelectionChange={({ detail }) => {
        const here = detail.selectedItems.map(rowId);
        const elsewhere = props.selection === 'multi' ? state.selectedIds.filter((id) => !onPage.has(id)) : [];
        state.setSelected([...elsewhere, ...here]);
      }}
      {...(props.selection ? { onItemClick: (item) => state.setSelected([rowId(item)]) } : {})}
      onColumnWidthsChange={({ detail }) => {
        const visible = display.filter((column) => column.visible);
        const widths = Object.fromEntries(visible.map(({ id }, at) => [id, Math.round(detail.widths[at] ?? 0)]));
        props.onPreferences?.({ ...preferences, widths: { ...preferences.widths, ...widths } });
      }}
      {...(data?.more ? {} : { totalItemsCount: data?.total ?? 0 })}
      firstIndex={(query.page - 1) * query.pageSize + 1}
      renderAriaLive={({ firstIndex, lastIndex }) =>
        `${noun.many} ${formatCount(firstIndex)} to ${formatCount(lastIndex)} of ${data ? spokenCount(data) : 0}`
      }
      ariaLabels={{
        tableLabel: props.title,
        selectionGroupLabel: `Selection of ${noun.many}`,
        allItemsSelectionLabel: () => `Select all ${noun.many} of this page`,
        itemSelectionLabel: (_, item) => `Select ${rowName(item)}`,
      }}
      header={
        <Header
          variant={variant === 'full-page' ? 'awsui-h1-sticky' : 'h2'}
          counter={counter(state.selectedIds.length, data)}
          description={props.description}
          actions={
            props.actions && (
              <div className="flex flex-wrap items-end justify-end gap-2 max-[688px]:justify-start">
                {props.actions}
              </div>
            )
          }
        >
          {props.title}
        </Header>
      }
      filter={
        <div className="flex flex-wrap items-start gap-2">
          <div className="min-w-0 grow">
            <TableFilter noun={noun} columns={columns} state={state} count={data} />
          </div>
          {props.views}
        </div>
      }
      pagination={<TablePagination state={state} data={data} outdated={props.outdated ?? false} />}
      preferences={
        props.onPreferences && (
          <TablePreferencesDialog
            noun={noun}
            columns={columns}
            pageSize={query.pageSize}
            preferences={preferences}
            chosenAs={chosenAs}
            onConfirm={(next) => {
              if (next.pageSize && next.pageSize !== query.pageSize) state.setPageSize(next.pageSize);
              props.onPreferences?.(next);
            }}
          />
        )
      }
      empty={
        props.fault ? (
          <FaultCard fault={props.fault} action={props.onRetry && <Button onClick={props.onRetry}>Try again</Button>} />
        ) : filtered ? (
          <NoMatch noun={noun} onClear={() => state.setFilter({ operation: 'and', tokens: [] })} />
        ) : (
          props.empty
        )
      }
    />
  );
}

function counter(selected: number, data: { total: number; more: boolean } | undefined): string {
  if (!data) return '';
  // What is selected may lie outside the filter.
  const within = selected > 0 && (selected <= data.total || data.more);
  return within ? `(${formatCount(selected)}/${countText(data)})` : `(${countText(data)})`;
}

function NoMatch({ noun, onClear }: { noun: { many: string }; onClear: () => void }) {
  return (
    <EmptyTeaching title="No matches" action={<Button onClick={onClear}>Clear filter</Button>}>
      No {noun.many} match the filter.
    </EmptyTeaching>
  );
}
