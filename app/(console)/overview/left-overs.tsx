'use client';
// What runs left behind and could not be removed: a list, with a way to retry, or to say that something is gone or is to stay.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { shownFault } from '../../_shell/faults.ts';
import { Can } from '../../_shell/member.tsx';
import { useMutation } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { AdaptiveTable } from '../../_ui/adaptive-table.tsx';
import { ConfirmDelete } from '../../_ui/confirm-delete.tsx';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { formatNumberOf } from '../../_ui/quantity.ts';
import type { LeftOver } from './types.ts';

const KINDS: Record<LeftOver['kind'], string> = {
  'vsphere-snapshot': 'Source snapshot',
  'nfc-lease': 'Source export',
  's3-upload': 'S3 upload',
  's3-object': 'S3 object',
  'digest-set': 'Digests in S3',
  'import-snapshot-task': 'Import of a disk',
  'import-image-task': 'Import of an AMI',
  'ebs-snapshot': 'EBS snapshot',
  image: 'AMI',
  'image-copy': 'Copy of an AMI',
  instance: 'Instance',
};

export function ShowLeftOvers() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>View what is left</Button>
      {open && <LeftOvers onClose={() => setOpen(false)} />}
    </>
  );
}

function LeftOvers({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const { notify } = useNotifications();
  const query = useQuery(trpc.overview.leftOvers.queryOptions());
  const [chosenIds, setChosenIds] = useState<readonly string[]>([]);
  // What has disappeared in the meantime is left out: nobody could deselect it.
  const chosen = (query.data ?? []).filter(({ id }) => chosenIds.includes(id));
  const [asking, setAsking] = useState(false);
  const again = async () => {
    setChosenIds([]);
    setAsking(false);
    await client.invalidateQueries({ queryKey: trpc.overview.pathKey() });
  };
  const retry = useMutation(
    trpc.overview.retryRelease.mutationOptions({
      onSuccess: async (_, { artifactIds: tried }) => {
        notify({
          type: 'success',
          header: `${formatNumberOf(tried.length, 'entry is', 'entries are')} tried again now`,
        });
        await again();
      },
    }),
  );
  const forget = useMutation(
    trpc.overview.forgetLeftOvers.mutationOptions({
      meta: { inline: true },
      onSuccess: again,
      onError: () => query.refetch(),
    }),
  );
  const artifactIds = chosen.map(({ id }) => id);
  return (
    <Modal
      visible
      size="max"
      header="Left behind by runs and not yet removed"
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Can permission="artifact.forget">
              <Button disabled={chosen.length === 0} onClick={() => setAsking(true)}>
                Forget
              </Button>
            </Can>
            <Can permission="artifact.retry">
              <Button
                disabled={chosen.length === 0}
                loading={retry.isPending}
                onClick={() => retry.mutate({ artifactIds })}
              >
                Try again now
              </Button>
            </Can>
            <Button variant="primary" onClick={onClose}>
              Close
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      {query.error && !query.data ? (
        <FaultCard
          fault={shownFault(query.error)}
          action={<Button onClick={() => query.refetch()}>Try again</Button>}
        />
      ) : (
        <AdaptiveTable
          variant="embedded"
          trackBy="id"
          wrapLines
          selectionType="multi"
          selectedItems={chosen}
          onSelectionChange={({ detail }) => setChosenIds(detail.selectedItems.map(({ id }) => id))}
          ariaLabels={{
            tableLabel: 'What was left behind',
            selectionGroupLabel: 'Entries',
            allItemsSelectionLabel: () => 'All entries',
            itemSelectionLabel: (_, item) => `${KINDS[item.kind]} ${item.name}`,
          }}
          items={query.data ?? []}
          loading={query.isPending}
          loadingText="Looking for what is left"
          empty={<StatusIndicator type="success">Nothing is left</StatusIndicator>}
          columnDefinitions={[
            { id: 'kind', header: 'What', cell: (item) => KINDS[item.kind] },
            {
              id: 'name',
              header: 'Name or id',
              cell: (item) => <span className="break-all">{item.name}</span>,
              isRowHeader: true,
            },
            { id: 'server', header: 'Server', cell: (item) => item.serverName },
            { id: 'why', header: 'Why, and what to do', cell: (item) => `${item.fault.message} ${item.fault.remedy}` },
          ]}
        />
      )}
      {asking && chosen.length > 0 && (
        <ConfirmDelete
          title={`Forget ${formatNumberOf(chosen.length, 'entry', 'entries')}?`}
          verb="Forget"
          removed={['The entries: Landfall no longer tries to remove these things, and reminds nobody of them']}
          kept={chosen.map((item) => `${KINDS[item.kind]} ${item.name}, if it is still there`)}
          busy={forget.isPending}
          fault={forget.error && shownFault(forget.error)}
          onConfirm={() => forget.mutate({ artifactIds })}
          onCancel={() => {
            forget.reset();
            setAsking(false);
          }}
        />
      )}
      {query.data?.length === MOST_SHOWN && <Alert type="info">The oldest {MOST_SHOWN} are shown.</Alert>}
    </Modal>
  );
}

const MOST_SHOWN = 200;
