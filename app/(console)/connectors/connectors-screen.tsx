'use client';
// The list of connectors.
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import { Can } from '../../_shell/member.tsx';
import { usePageShell } from '../../_shell/page-shell.tsx';
import { useListTable } from '../../_shell/use-list-table.ts';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { formatCount, orUnknown } from '../../_ui/quantity.ts';
import { ResourceTable } from '../../_ui/resource-table.tsx';
import { StateWithReason } from '../../_ui/status.tsx';
import { statesOf } from '../../_ui/status-kinds.ts';
import type { ResourceColumn } from '../../_ui/table-columns.ts';
import { Time } from '../../_ui/time.tsx';
import { CheckNow, Disassociate, ImportCatalog } from './connector-actions.tsx';
import { connectorState, sentence, VM_MANAGER_TYPES } from './connector-words.ts';
import { runsText } from './limits-words.ts';
import { RateNow } from './rate-now.tsx';
import type { Connector } from './types.ts';

const COLUMNS: ResourceColumn<Connector>[] = [
  {
    id: 'name',
    header: 'Name',
    cell: (connector) => <Link href={`/connectors/${connector.id}`}>{connector.name}</Link>,
    width: 110,
    sort: true,
    filter: { kind: 'text' },
    isName: true,
  },
  {
    id: 'status',
    header: 'Status',
    cell: (connector) => (
      <StateWithReason
        of="connector"
        state={connectorState(connector)}
        reason={connector.reason && sentence(connector.reason)}
      />
    ),
    width: 185,
    sort: true,
    filter: { kind: 'choice', values: statesOf('connector').filter(({ value }) => value !== 'disassociated') },
  },
  {
    id: 'vmManager',
    header: 'VM manager',
    cell: (connector) => connector.vmManagerUrl,
    width: 190,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'type',
    header: 'Type',
    cell: (connector) => VM_MANAGER_TYPES[connector.vmManagerType],
    width: 110,
    sort: true,
    filter: {
      label: 'VM manager type',
      kind: 'choice',
      values: Object.entries(VM_MANAGER_TYPES).map(([value, label]) => ({ value, label })),
    },
  },
  {
    id: 'servers',
    header: 'Servers',
    cell: (connector) => formatCount(connector.servers),
    width: 110,
    sort: true,
    filter: { kind: 'number' },
  },
  {
    id: 'runs',
    header: 'Runs now',
    cell: (connector) => runsText(connector),
    width: 95,
    sort: true,
    filter: { kind: 'number' },
  },
  {
    id: 'rate',
    header: 'Rate now',
    cell: (connector) => <RateNow connector={connector} />,
    width: 100,
  },
  {
    id: 'version',
    header: 'Version',
    cell: (connector) => connector.version,
    width: 110,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'lastSeenAt',
    header: 'Last seen',
    cell: (connector) => <Time at={connector.lastSeenAt} />,
    width: 110,
    sort: true,
    filter: { kind: 'date' },
  },
  {
    id: 'id',
    header: 'Connector ID',
    cell: (connector) => <CopyableId id={connector.id} name="connector id" />,
    width: 230,
    sort: true,
    filter: { kind: 'text' },
    hidden: true,
  },
  {
    id: 'host',
    header: 'Runs on',
    cell: (connector) => orUnknown(connector.host),
    width: 180,
    sort: true,
    filter: { kind: 'text' },
    hidden: true,
  },
  {
    id: 'associatedAt',
    header: 'Associated on',
    cell: (connector) => <Time at={connector.associatedAt} exact />,
    width: 220,
    sort: true,
    filter: { kind: 'date' },
    hidden: true,
  },
];

export function ConnectorsScreen() {
  const connectors = useListTable('connectors');
  usePageShell({});
  const selected = connectors.data?.items.find((connector) => connector.id === connectors.state.selectedIds[0]);
  const add = (
    <Can permission="connector.enrol">
      <Button variant="primary" href="/connectors/enrol">
        Add connector
      </Button>
    </Can>
  );
  return (
    <ResourceTable
      noun={{ one: 'connector', many: 'connectors' }}
      title="Connectors"
      description="Appliances beside your hypervisors: each finds the servers of one VM manager and reads their disks."
      columns={COLUMNS}
      {...connectors}
      rowId={(connector) => connector.id}
      rowName={(connector) => connector.name}
      selection="single"
      actions={
        <>
          <CheckNow connector={selected} />
          <ImportCatalog connector={selected} />
          <Disassociate connector={selected} />
          {add}
        </>
      }
      empty={
        <EmptyTeaching title="No connectors" action={add}>
          A connector runs beside your VM manager and calls out to this console; it needs no open inbound port. Add one
          to see your servers here.
        </EmptyTeaching>
      }
    />
  );
}
