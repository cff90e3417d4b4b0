// What was found, as the choices of the search box: a group of each kind, and the way to all that match. Pure.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../server/api/root.ts';

type Found = inferRouterOutputs<AppRouter>['search']['find'][number];

interface Kind {
  label: string;
  href: (id: string) => string;
  /** The list that finds the rest by the same text. */
  list?: string;
}

const KINDS: Record<Found['kind'], Kind> = {
  server: { label: 'Servers', href: (id) => `/servers/${id}`, list: '/servers' },
  job: { label: 'Replication jobs', href: (id) => `/jobs/${id}`, list: '/jobs' },
  run: { label: 'Replication runs', href: (id) => `/runs/${id}` },
  image: { label: 'AMIs', href: (id) => `/images?q=id%3D${id}`, list: '/images' },
  instance: { label: 'Instances', href: (id) => `/instances/${id}`, list: '/instances' },
  cutover: { label: 'Cutovers', href: (id) => `/cutovers/${id}`, list: '/cutovers' },
  connector: { label: 'Connectors', href: (id) => `/connectors/${id}` },
  target: { label: 'AWS targets', href: (id) => `/settings/targets/${id}` },
  member: { label: 'Members', href: () => '/settings/members' },
};

/** A choice's value is the address of its page. Of a kind with as many as are shown at most there may be more. */
export function searchOptions(found: readonly Found[], text: string, most = 5) {
  const kinds = [...new Set(found.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const { label, href, list } = KINDS[kind];
    const things = found.filter((one) => one.kind === kind);
    const options = things.map(({ id, name, detail }) => ({
      // Two members have one page, and yet each is a choice of its own.
      value: kind === 'member' ? `${href(id)}#${id}` : href(encodeURIComponent(id)),
      label: name,
      ...(name !== id && kind !== 'member' && { description: id }),
      ...(detail && { labelTag: detail }),
    }));
    if (list && things.length >= most)
      options.push({ value: `${list}?q=${encodeURIComponent(`:${text}`)}`, label: `All that have “${text}”` });
    return { label, options };
  });
}
