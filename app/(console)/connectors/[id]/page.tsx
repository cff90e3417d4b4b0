import type { Metadata } from 'next';
import { caller } from '../../../../server/api/caller.ts';
import { existing } from '../../../_shell/found.ts';
import { Prefetch } from '../../../_shell/prefetch.tsx';
import { ConnectorScreen } from './connector-screen.tsx';

interface Props {
  params: Promise<{ id: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const connector = await existing(caller().connectors.get({ connectorId: (await params).id }));
  return { title: connector?.name ?? 'Connector' };
}

export default async function ConnectorPage({ params }: Props) {
  const { id } = await params;
  return (
    <Prefetch queries={(trpc) => [trpc.connectors.get.queryOptions({ connectorId: id })]}>
      <ConnectorScreen connectorId={id} />
    </Prefetch>
  );
}
