'use client';
// What a person can do with a connector; each button knows who may press it and what stands in its way.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { usePathname, useRouter } from 'next/navigation';
import { useState } from 'react';
import { shownFault } from '../../_shell/faults.ts';
import { Can } from '../../_shell/member.tsx';
import { useMutation } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { ConfirmDelete } from '../../_ui/confirm-delete.tsx';
import { useNow } from '../../_ui/now.ts';
import { formatNumberOf } from '../../_ui/quantity.ts';
import type { Connector } from './types.ts';

interface ActionProps {
  /** Undefined while none is selected. */
  connector: Connector | undefined;
}

/** A requested check without an answer after this time is waiting for a silent connector. */
const CHECKING_MS = 20_000;

export function CheckNow({ connector }: ActionProps) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const asked = connector?.checkRequestedAt?.getTime() ?? 0;
  const checking = useNow((now) => (now - asked < CHECKING_MS ? 1 : 0)) === 1;
  const check = useMutation(
    trpc.connectors.checkNow.mutationOptions({
      meta: { repeatable: true },
      onSuccess: () =>
        notify({
          id: `check-${connector?.id}`,
          type: 'success',
          header: `${connector?.name} was asked to check its health`,
          content: 'The results appear as soon as the connector answers.',
        }),
    }),
  );
  return (
    <Can permission="catalog.import">
      <Button
        disabled={!connector || connector.disassociatedAt !== null}
        loading={check.isPending || checking}
        loadingText="Checking the health of the connector"
        onClick={() => connector && check.mutate({ connectorId: connector.id })}
      >
        Check now
      </Button>
    </Can>
  );
}

export function ImportCatalog({ connector }: ActionProps) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const start = useMutation(
    trpc.servers.importCatalog.mutationOptions({
      meta: { repeatable: true },
      onSuccess: () => {
        const silent = connector?.status !== 'healthy';
        notify({
          id: `import-${connector?.id}`,
          type: silent ? 'warning' : 'success',
          header: `Import of the server catalog of ${connector?.name} started`,
          content: silent ? `The connector is not healthy: ${connector?.reason ?? 'it may take longer'}.` : undefined,
          action: { text: 'View servers', href: '/servers' },
        });
      },
    }),
  );
  const importing = connector?.catalogState === 'importing';
  return (
    <Can permission="catalog.import">
      <Button
        disabled={!connector || connector.disassociatedAt !== null}
        loading={start.isPending || importing}
        loadingText="Importing the server catalog"
        onClick={() => connector && start.mutate({ connectorId: connector.id })}
      >
        Import server catalog
      </Button>
    </Can>
  );
}

export function Disassociate({ connector }: ActionProps) {
  const [asking, setAsking] = useState(false);
  const close = () => setAsking(false);
  return (
    <Can permission="connector.disassociate">
      <Button disabled={!connector || connector.disassociatedAt !== null} onClick={() => setAsking(true)}>
        Disassociate
      </Button>
      {asking &&
        connector &&
        (connector.jobs > 0 ? (
          <StillNeeded connector={connector} onClose={close} />
        ) : (
          <ConfirmDisassociate connector={connector} onClose={close} />
        ))}
    </Can>
  );
}

function ConfirmDisassociate({ connector, onClose }: { connector: Connector; onClose: () => void }) {
  const trpc = useTRPC();
  const router = useRouter();
  const pathname = usePathname();
  const { notify } = useNotifications();
  const disassociate = useMutation(
    trpc.connectors.disassociate.mutationOptions({
      meta: { inline: true },
      onSuccess: () => {
        onClose();
        notify({ type: 'success', header: `Connector ${connector.name} disassociated` });
        if (pathname !== '/connectors') router.push('/connectors');
      },
    }),
  );
  const fault = disassociate.error && shownFault(disassociate.error);
  // It has something left to remove: leaving that behind takes typing its name.
  const [leaving, setLeaving] = useState(false);
  if (fault?.code === 'left-at-source' && !leaving) setLeaving(true);
  return (
    <ConfirmDelete
      title={`Disassociate connector ${connector.name}?`}
      verb={leaving ? 'Disassociate and leave them behind' : 'Disassociate'}
      {...(leaving && { typed: connector.name })}
      removed={[
        'The association: its key stops working at once, and it needs a new one-time code to come back',
        ...(connector.catalogState === 'importing' ? ['The import of the server catalog that is under way'] : []),
      ]}
      kept={[
        ...(connector.servers > 0
          ? [`Its ${formatNumberOf(connector.servers, 'server')} in the catalog, until the catalog is cleared`]
          : []),
        'The AMIs and instances that were made through it',
        'Everything in the VM manager, and the connector itself: stop it where it runs',
        ...(leaving ? ['The source snapshots named above, until somebody removes them by hand'] : []),
      ]}
      busy={disassociate.isPending}
      fault={fault}
      onConfirm={() =>
        disassociate.mutate({ connectorId: connector.id, ...(leaving && { leaveBehind: connector.name }) })
      }
      onCancel={onClose}
    />
  );
}

function StillNeeded({ connector, onClose }: { connector: Connector; onClose: () => void }) {
  const jobs = `/jobs?q=${encodeURIComponent(`connector=${connector.name}`)}`;
  return (
    <Modal
      visible
      header={`${connector.name} cannot be disassociated yet`}
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onClose}>
            Close
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="s">
        <div>
          <div>
            {formatNumberOf(connector.jobs, 'replication job still needs', 'replication jobs still need')} it to read
            servers.
          </div>
        </div>
        <div>
          Delete <Link href={jobs}>these replication jobs</Link> first; their AMIs stay.
        </div>
      </SpaceBetween>
    </Modal>
  );
}
