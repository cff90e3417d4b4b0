'use client';
// Import, re-import and clear the server catalog.
import Button from '@cloudscape-design/components/button';
import { useEffect, useRef, useState } from 'react';
import { shownFault } from '../../_shell/faults.ts';
import { Can } from '../../_shell/member.tsx';
import { useMutation } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { ConfirmDelete } from '../../_ui/confirm-delete.tsx';
import { formatNumberOf } from '../../_ui/quantity.ts';
import type { Catalog } from './types.ts';

export function ImportCatalog({ catalog, primary = false }: { catalog: Catalog | undefined; primary?: boolean }) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const watch = useImportNews(catalog);
  const start = useMutation(
    trpc.servers.importCatalog.mutationOptions({
      meta: { repeatable: true },
      onMutate: watch,
      onSuccess: ({ connectors }) =>
        notify({
          id: 'catalog',
          type: 'info',
          header: `Import of the server catalog started on ${formatNumberOf(connectors, 'connector')}`,
        }),
    }),
  );
  const importing = catalog?.state === 'importing';
  const again = catalog !== undefined && catalog.servers > 0;
  return (
    <Can permission="catalog.import">
      <Button
        variant={primary ? 'primary' : 'normal'}
        disabled={!catalog || catalog.sources.length === 0}
        disabledReason={catalog?.sources.length === 0 ? 'Add a connector first' : undefined}
        loading={start.isPending || importing}
        loadingText="Importing the server catalog"
        onClick={() => start.mutate({})}
      >
        {again ? 'Re-import server catalog' : 'Import server catalog'}
      </Button>
    </Can>
  );
}

const importedAt = (catalog: Catalog | undefined) =>
  Math.max(0, ...(catalog?.sources.map((source) => source.at?.getTime() ?? 0) ?? []));

/** Reports the end of the import that is started now, however short it was. Returns what to call at its start. */
function useImportNews(catalog: Catalog | undefined): () => void {
  const { notify, dismiss } = useNotifications();
  const before = useRef<number | null>(null);
  useEffect(() => {
    if (before.current === null || !catalog) return;
    if (catalog.state === 'failed') dismiss('catalog');
    else if (catalog.state !== 'available' || importedAt(catalog) === before.current) return;
    else {
      notify({
        id: 'catalog',
        type: 'success',
        header: `Server catalog imported: ${formatNumberOf(catalog.servers, 'server')}`,
      });
    }
    before.current = null;
  }, [catalog, notify, dismiss]);
  return () => {
    before.current = importedAt(catalog);
  };
}

export function ClearCatalog({ catalog }: { catalog: Catalog | undefined }) {
  const [asking, setAsking] = useState(false);
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const clear = useMutation(
    trpc.servers.clearCatalog.mutationOptions({
      meta: { inline: true },
      onSuccess: ({ cleared, kept }) => {
        setAsking(false);
        notify({
          id: 'catalog',
          type: 'success',
          header: 'Server catalog cleared',
          content: `${formatNumberOf(cleared, 'server')} removed, ${formatNumberOf(kept, 'server')} with a replication job kept.`,
        });
      },
    }),
  );
  const importing = catalog?.state === 'importing';
  const servers = catalog?.servers ?? 0;
  const withJob = catalog?.withJob ?? 0;
  return (
    <Can permission="catalog.clear">
      <Button
        disabled={servers === 0 || importing}
        disabledReason={importing ? 'An import is under way' : undefined}
        onClick={() => setAsking(true)}
      >
        Clear server catalog
      </Button>
      {asking && (
        <ConfirmDelete
          title="Clear the server catalog?"
          verb="Clear"
          removed={[`${formatNumberOf(servers - withJob, 'server')} from the catalog of this console`]}
          kept={[
            `${formatNumberOf(withJob, 'server')} with a replication job`,
            'Replication jobs, their runs and their AMIs',
            'Everything in the VM manager: import the catalog again and the servers are back',
          ]}
          busy={clear.isPending}
          fault={clear.error && shownFault(clear.error)}
          onConfirm={() => clear.mutate()}
          onCancel={() => setAsking(false)}
        />
      )}
    </Can>
  );
}
