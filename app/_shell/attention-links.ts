// Where something that needs attention is looked at: by the bell of the bar, and on the overview.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../server/api/root.ts';

type Attention = Pick<inferRouterOutputs<AppRouter>['attention']['list'][number], 'kind' | 'things' | 'affected'>;

const ofConnector = ({ kind }: Attention) => kind === 'connector' || kind === 'catalog';

export const folderOf = (item: Attention) =>
  item.kind === 'cutover' ? 'cutovers' : ofConnector(item) ? 'connectors' : 'jobs';

/** One of the things that it concerns. */
export const hrefOf = (item: Attention, id: string): string => `/${folderOf(item)}/${id}`;

/** The list with all of them. */
export const allOf = (item: Attention): string =>
  item.kind === 'paused-jobs' ? '/jobs?q=state%3Dpaused-on-failure' : `/${folderOf(item)}`;

/** The one thing that it concerns, or the list of several; what was left over is shown on the overview. */
export function attentionHref(item: Attention): string {
  if (item.kind === 'left-over') return '/overview';
  const [only] = item.things;
  return only && (item.affected.count <= 1 || ofConnector(item)) ? hrefOf(item, only.id) : allOf(item);
}
