'use client';
// The bell of the bar: how much needs attention, and the first of it with links.
import type { TopNavigationProps } from '@cloudscape-design/components/top-navigation';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { formatCount } from '../_ui/quantity.ts';
import { attentionHref } from './attention-links.ts';
import { useTRPC } from './trpc.ts';

/** Events report everything but a connector that never reported, which only time tells. */
const MINUTE_MS = 60_000;
/** What fits below the bar; the overview has the rest. */
const SHOWN = 8;

export function useBell(): TopNavigationProps.Utility {
  const trpc = useTRPC();
  const router = useRouter();
  const count = useQuery(trpc.attention.count.queryOptions(undefined, { refetchInterval: MINUTE_MS })).data ?? 0;
  const { data: causes } = useQuery(trpc.attention.list.queryOptions(undefined, { enabled: count > 0 }));
  const shown = count > 0 ? (causes ?? []).slice(0, SHOWN) : [];
  const said =
    count === 0
      ? 'Nothing needs attention'
      : `${formatCount(count)} ${count === 1 ? 'thing needs' : 'things need'} attention`;
  const hrefs = new Map(shown.map((item) => [item.id, attentionHref(item)]));
  return {
    type: 'menu-dropdown',
    iconName: 'notification',
    badge: count > 0,
    ...(count > 0 ? { text: formatCount(count) } : {}),
    ariaLabel: said,
    title: said,
    items: [
      ...shown.map((item) => ({
        id: item.id,
        text: item.fault.message,
        iconName: item.tone === 'error' ? ('status-negative' as const) : ('status-warning' as const),
        secondaryText: aboutOf(item),
        href: hrefs.get(item.id) ?? '/overview',
      })),
      { id: 'overview', text: 'Open the overview', href: '/overview' },
    ],
    onItemFollow: (event) => {
      event.preventDefault();
      router.push(hrefs.get(event.detail.id) ?? '/overview');
    },
  };
}

function aboutOf({ affected, things }: { affected: { count: number; noun: string }; things: { name: string }[] }) {
  const names = things.slice(0, 2).map(({ name }) => name);
  const more = affected.count - names.length;
  return `${names.join(', ')}${more > 0 ? `${names.length > 0 ? ' and ' : ''}${formatCount(more)} more` : ''}`;
}
