'use client';
// The way from page to page. Beyond the pages that have numbers it is next, previous, and back to the first one.
import Button from '@cloudscape-design/components/button';
import Pagination from '@cloudscape-design/components/pagination';
import { useNarrow } from './narrow.ts';
import { formatCount } from './quantity.ts';
import { numberedPages, placeOf, type TablePage } from './table-pages.ts';
import type { TableState } from './table-state.ts';

interface TablePaginationProps {
  state: TableState;
  data: TablePage<unknown> | undefined;
  /** The cursors of `data` belong to another page. */
  outdated: boolean;
}

export function TablePagination({ state, data, outdated }: TablePaginationProps) {
  const { query } = state;
  // In a row of numbers the arrows would not stand side by side.
  const pagesVariant = useNarrow() ? 'compact' : 'normal';
  const pages = numberedPages(query, data);
  function goTo(wanted: number) {
    const place = data && placeOf(wanted, query, data);
    // A numbered page is found whatever is under way; a neighbour by its cursor only once this page is there.
    if (place && (place.cursor === null || !outdated)) state.setPage(place);
  }
  if (query.cursor === null) {
    return (
      <Pagination
        pagesVariant={pagesVariant}
        currentPageIndex={Math.min(query.page, pages)}
        pagesCount={pages}
        openEnd={data?.more ?? false}
        disabled={!data}
        onChange={({ detail }) => goTo(detail.currentPageIndex)}
      />
    );
  }
  return (
    <div className="flex items-center gap-2">
      <Button variant="inline-link" onClick={() => state.setPage({ page: 1, cursor: null })}>
        First page
      </Button>
      <Pagination
        pagesVariant="compact"
        currentPageIndex={query.page}
        pagesCount={data?.next || outdated ? query.page + 1 : query.page}
        disabled={!data || outdated}
        i18nStrings={{ pagesCompactText: ({ currentPage }) => `Page ${formatCount(currentPage)}` }}
        onChange={({ detail }) => goTo(detail.currentPageIndex)}
      />
    </div>
  );
}
