import type { Metadata } from 'next';
import { caller } from '../../../../../server/api/caller.ts';
import { existing } from '../../../../_shell/found.ts';
import { LaunchScreen } from './launch-screen.tsx';

export const metadata: Metadata = { title: 'Launch instance' };

export default async function LaunchPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const run = await existing(caller().runs.get({ runId: id }));
  return <LaunchScreen runId={id} serverName={run?.serverName ?? id} jobId={run?.jobId ?? null} />;
}
