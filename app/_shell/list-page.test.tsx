// Every page that is a list: what it prefetches is what its screen asks for, whatever stands in the address and whatever
// page size the member has set. A page that prefetches another query shows no rows until the browser has asked again.
import { HydrationBoundary, QueryClientProvider } from '@tanstack/react-query';
import { createTRPCClient, type TRPCLink } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';
import { withNuqsTestingAdapter } from 'nuqs/adapters/testing';
import type { ComponentType, ReactElement, ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { AppRouter } from '../../server/api/root.ts';
import { type ListTable, preferenceOf } from './list-tables.ts';
import { type Me, MemberProvider } from './member.tsx';
import { NotificationsProvider } from './notifications.tsx';
import { PageShellProvider } from './page-shell.tsx';
import { newQueryClient } from './query-client.ts';
import { TRPCProvider } from './trpc.ts';

const { member, queries } = vi.hoisted(() => ({
  member: { preferences: {} as Record<string, unknown>, views: [] as unknown[] },
  queries: { make: (_: unknown): unknown => null },
}));

vi.mock('../../server/api/caller.ts', () => ({
  caller: () => ({ views: { mine: async () => member.views } }),
  sessionMember: async () => member,
  serverQueries: (queryClient: unknown) => queries.make(queryClient),
}));
vi.mock('next/navigation', () => ({
  useRouter: () => ({ push() {}, replace() {} }),
  redirect: (to: string) => {
    throw new Error(`To ${to}`);
  },
  usePathname: () => '/',
  useSearchParams: () => new URLSearchParams(),
}));

/** Every list is empty, and nobody has a saved view. */
const nothing: TRPCLink<AppRouter> =
  () =>
  ({ op }) =>
    observable((observer) => {
      const empty = { items: [], total: 0, more: false, next: null, previous: null };
      observer.next({ result: { type: 'data', data: op.path === 'views.mine' ? [] : empty } });
      observer.complete();
    });
const client = createTRPCClient<AppRouter>({ links: [nothing] });
queries.make = (queryClient) =>
  createTRPCOptionsProxy<AppRouter>({ client, queryClient: queryClient as ReturnType<typeof newQueryClient> });

interface Boundary {
  state: { queries: { queryKey: readonly unknown[] }[] };
  children: ReactNode;
}
type Page = (props: { searchParams: Promise<Record<string, string>> }) => ReactElement<object, ComponentType>;

const listKeys = (keys: readonly (readonly unknown[])[]) =>
  keys.filter(([path]) => Array.isArray(path) && path[1] === 'list').map((key) => JSON.stringify(key));

/** The keys of the lists that the page has prefetched, and of those that its screen asks for at its first rendering. */
async function asked(load: () => Promise<{ default: unknown }>, search: string) {
  const page = (await load()).default as Page;
  const element = page({ searchParams: Promise.resolve(Object.fromEntries(new URLSearchParams(search))) });
  const prefetch = (await (element.type as unknown as (props: object) => Promise<ReactElement>)(
    element.props,
  )) as ReactElement<object, (props: object) => Promise<ReactElement<Boundary>>>;
  const boundary = await prefetch.type(prefetch.props);
  expect(boundary.type).toBe(HydrationBoundary);

  const queryClient = newQueryClient();
  const Address = withNuqsTestingAdapter({ searchParams: search });
  renderToString(
    <Address>
      <NotificationsProvider>
        <QueryClientProvider client={queryClient}>
          <TRPCProvider trpcClient={client} queryClient={queryClient}>
            <MemberProvider
              me={{ role: 'administrator', workspace: { id: 'ws-1' }, preferences: member.preferences } as Me}
            >
              <PageShellProvider>{boundary.props.children}</PageShellProvider>
            </MemberProvider>
          </TRPCProvider>
        </QueryClientProvider>
      </NotificationsProvider>
    </Address>,
  );
  return {
    prefetched: listKeys(boundary.props.state.queries.map(({ queryKey }) => queryKey)),
    wanted: listKeys(
      queryClient
        .getQueryCache()
        .getAll()
        .map(({ queryKey }) => queryKey),
    ),
  };
}

const PAGES: Record<ListTable | 'jobs/create', () => Promise<{ default: unknown }>> = {
  accessKeys: () => import('../(console)/settings/access-keys/page.tsx'),
  activity: () => import('../(console)/activity/page.tsx'),
  connectors: () => import('../(console)/connectors/page.tsx'),
  cutovers: () => import('../(console)/cutovers/page.tsx'),
  deliveries: () => import('../(console)/settings/notifications/page.tsx'),
  images: () => import('../(console)/images/page.tsx'),
  instances: () => import('../(console)/instances/page.tsx'),
  jobs: () => import('../(console)/jobs/page.tsx'),
  'jobs/create': () => import('../(console)/jobs/create/page.tsx'),
  members: () => import('../(console)/settings/members/page.tsx'),
  runs: () => import('../(console)/runs/page.tsx'),
  servers: () => import('../(console)/servers/page.tsx'),
};

// All screens with their parts: seconds, on a busy machine many.
beforeAll(() => Promise.all(Object.values(PAGES).map((load) => load())), 240_000);

describe.each(Object.keys(PAGES) as (keyof typeof PAGES)[])('the page of %s', (name) => {
  const table = name === 'jobs/create' ? 'servers' : name;
  it.each([
    ['as it is opened first', '', {}],
    ['with a page size that the member has set', '', { pageSize: 50 }],
    ['with everything in its address', 'page=503&after=WyJhIl0&size=100&sort=-name&q=:web&op=or', { pageSize: 10 }],
  ])('prefetches what its screen asks for, %s', async (_, search, preferences) => {
    member.preferences = { [preferenceOf(table)]: preferences };
    const { prefetched, wanted } = await asked(PAGES[name], search);
    expect(wanted).toHaveLength(1);
    expect(wanted[0]).toContain(`"${table}","list"`);
    expect(prefetched).toEqual(wanted);
  });
});

describe('a list with a default view', () => {
  const view = {
    filter: {
      operation: 'or',
      tokens: [
        { property: 'state', operator: '=', value: 'failed' },
        { operator: ':', value: 'a b' },
      ],
    },
    sort: { by: 'name', descending: true },
    pageSize: 50,
    columns: null,
  };
  const open = async (search: string) => {
    member.views = [
      { id: 'view-1', list: 'servers', isDefault: true, view },
      { id: 'view-2', list: 'jobs', isDefault: false, view },
      { id: 'view-3', list: 'jobs', isDefault: true, view },
    ];
    try {
      const { default: JobsPage } = (await PAGES.jobs()) as { default: Page };
      const element = JobsPage({ searchParams: Promise.resolve(Object.fromEntries(new URLSearchParams(search))) });
      await (element.type as unknown as (props: object) => Promise<ReactElement>)(element.props);
      return null;
    } catch (error) {
      return (error as Error).message;
    } finally {
      member.views = [];
    }
  };

  it('opens with it, and with nothing else where a link says what it shows', async () => {
    const to = new URL(((await open('')) ?? '').replace('To ', 'https://console.example.com'));
    expect(to.pathname).toBe('/jobs');
    expect(to.searchParams.getAll('q')).toEqual(['state=failed', ':a b']);
    expect(Object.fromEntries(to.searchParams)).toMatchObject({ op: 'or', sort: '-name', size: '50', view: 'view-3' });
    expect(await open('q=:web')).toBeNull();
    expect(await open('page=2')).toBeNull();
  });
});
