'use client';
// One server on a page of its own.
import Button from '@cloudscape-design/components/button';
import { useQuery } from '@tanstack/react-query';
import { Can } from '../../../_shell/member.tsx';
import { usePageShell } from '../../../_shell/page-shell.tsx';
import { QueryPage } from '../../../_shell/query-page.tsx';
import { useTRPC } from '../../../_shell/trpc.ts';
import { Page } from '../../../_ui/page.tsx';
import { Readiness } from '../columns.tsx';
import { CreateJob, useSelection } from '../create-job.tsx';
import { ServerTabs } from '../server-tabs.tsx';
import type { FullServer } from '../types.ts';

export function ServerScreen({ serverId }: { serverId: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.servers.get.queryOptions({ serverId }));
  const name = query.data?.name ?? serverId;
  usePageShell({
    breadcrumbs: [
      { text: 'Servers', href: '/servers' },
      { text: name, href: `/servers/${serverId}` },
    ],
  });
  return (
    <QueryPage title={name} query={query} list={{ text: 'Servers', href: '/servers' }}>
      {(server) => (
        <Page title={server.name} description={<Readiness server={server} />} actions={<Action server={server} />}>
          <ServerTabs server={server} variant="container" />
        </Page>
      )}
    </QueryPage>
  );
}

function Action({ server }: { server: FullServer }) {
  const selection = useSelection([server.id]);
  if (server.jobId) {
    return (
      <Can permission="job.read">
        <Button href={`/jobs/${server.jobId}`}>View replication job</Button>
      </Can>
    );
  }
  return <CreateJob selection={selection} />;
}
