'use client';
// The saved views of a list: which one is chosen stands in the address beside the filter and the order that it brought. Of a
// link that somebody else has sent the filter and the order count; a view that is not one's own is none.
import { useQuery } from '@tanstack/react-query';
import { parseAsString, useQueryStates } from 'nuqs';
import { type ReactNode, useState } from 'react';
import type { TablePreferences } from '../_ui/table-columns.ts';
import { tableParsers } from '../_ui/table-query.ts';
import type { TableState } from '../_ui/table-state.ts';
import type { ListTable } from './list-tables.ts';
import { useTRPC } from './trpc.ts';
import { addressOf, isSameView, type ListView, PLAIN, viewOf } from './view-of-list.ts';
import { type NamedView, ViewsMenu } from './views-menu.tsx';

interface Options {
  state: TableState;
  /** The member's own preferences of the table, which count without a view. */
  kept: TablePreferences;
  keep: (preferences: TablePreferences) => void;
  shown: boolean;
}

const parsers = { ...tableParsers, view: parseAsString };

export function useViews(
  list: ListTable,
  { state, kept, keep, shown }: Options,
): { preferences: TablePreferences; onPreferences: (preferences: TablePreferences) => void; views: ReactNode } {
  const trpc = useTRPC();
  const [address, setAddress] = useQueryStates(parsers, { history: 'push', clearOnDefault: true });
  const { data } = useQuery(trpc.views.mine.queryOptions(undefined, { enabled: shown }));
  const views = (data ?? []).filter((one) => one.list === list) as NamedView[];
  const active = views.find(({ id }) => id === address.view) ?? null;
  /** Columns that were chosen while a view is active, until they are saved in it. */
  const [own, setOwn] = useState<{ viewId: string; columns: ListView['columns'] } | null>(null);

  if (!shown) return { preferences: kept, onPreferences: keep, views: null };
  const columns = own && own.viewId === active?.id ? own.columns : (active?.view.columns ?? kept.columns ?? null);
  const preferences: TablePreferences = columns ? { ...kept, columns } : kept;
  // A view without columns of its own takes those that are there.
  const now = viewOf(state.query, active && !own && !active.view.columns ? undefined : (columns ?? undefined));

  function onPreferences(next: TablePreferences) {
    if (!active) return keep(next);
    setOwn({ viewId: active.id, columns: next.columns ?? null });
    const { columns: _columns, ...rest } = next;
    keep({ ...rest, ...(kept.columns && { columns: kept.columns }) });
  }

  const menu = (
    <ViewsMenu
      list={list}
      views={views}
      active={active}
      now={now}
      changed={active !== null && !isSameView(active.view, now)}
      onChoose={(view) => {
        setOwn(null);
        void setAddress(view ? { ...addressOf(view.view), view: view.id } : PLAIN);
      }}
      onSaved={(viewId) => {
        setOwn(null);
        void setAddress({ view: viewId, ...addressOf(now) }, { history: 'replace' });
      }}
    />
  );
  return { preferences, onPreferences, views: menu };
}
