import type { Metadata } from 'next';
import { cache } from 'react';
import { caller } from '../../../../server/api/caller.ts';
import { existing } from '../../../_shell/found.ts';
import { Prefetch } from '../../../_shell/prefetch.tsx';
import { ConnectorScreen } from './connector-screen.tsx';

interface Props {
  params: Promise<{ id: string }>;
}

/** Queried once for title and page. */
const find = cache((id: string) => existing(caller().connectors.get({ connectorId: id })));

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const connector = await find((await params).id);
  return { title: connector?.name ?? 'Connector' };
}

export default async function ConnectorPage({ params }: Props) {
  const { id } = await params;
  // Here too: the title is streamed after the page has begun, too late for a 404.
  await find(id);
  return (
    <Prefetch queries={(trpc) => [trpc.connectors.get.queryOptions({ connectorId: id })]}>
      <ConnectorScreen connectorId={id} />
    </Prefetch>
  );
}
