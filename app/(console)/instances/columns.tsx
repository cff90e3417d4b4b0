// Columns of the table of instances.
import Link from '@cloudscape-design/components/link';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { orUnknown } from '../../_ui/quantity.ts';
import { Status } from '../../_ui/status.tsx';
import { statesOf } from '../../_ui/status-kinds.ts';
import type { ResourceColumn } from '../../_ui/table-columns.ts';
import { Time } from '../../_ui/time.tsx';
import { PURPOSE_CHOICES, purposeLabel, statusChecks } from './instance-words.ts';
import type { ListedInstance } from './types.ts';

export const COLUMNS: readonly ResourceColumn<ListedInstance>[] = [
  {
    id: 'name',
    header: 'Name',
    cell: (instance) => <Link href={`/instances/${instance.id}`}>{instance.settings.tags.Name || instance.name}</Link>,
    width: 115,
    sort: true,
    filter: { label: 'Server', kind: 'text' },
    isName: true,
  },
  {
    id: 'id',
    header: 'Instance id',
    cell: (instance) => <CopyableId id={instance.instanceId} name="instance id" />,
    width: 203,
    filter: { kind: 'text' },
  },
  {
    id: 'state',
    header: 'State',
    cell: (instance) => <Status of="instance" state={instance.state} />,
    width: 105,
    sort: true,
    filter: { kind: 'choice', values: statesOf('instance') },
  },
  {
    id: 'checks',
    header: 'Status checks',
    cell: (instance) => <Status of="instance-check" state={statusChecks(instance)} />,
    width: 108,
  },
  {
    id: 'purpose',
    header: 'Purpose',
    cell: (instance) => purposeLabel(instance.purpose),
    width: 113,
    sort: true,
    filter: { kind: 'choice', values: PURPOSE_CHOICES },
  },
  {
    id: 'type',
    header: 'Instance type',
    cell: (instance) => instance.settings.instanceType,
    width: 105,
    hidden: true,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'image',
    header: 'AMI',
    cell: (instance) => <Link href={`/images?q=id%3D${instance.imageId}`}>{instance.imageId}</Link>,
    width: 210,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'privateAddress',
    header: 'Private address',
    cell: (instance) => orUnknown(instance.detail?.privateAddress),
    width: 126,
    filter: { kind: 'text' },
  },
  {
    id: 'publicAddress',
    header: 'Public address',
    cell: (instance) => orUnknown(instance.detail?.publicAddress),
    width: 126,
    hidden: true,
    filter: { kind: 'text' },
  },
  {
    id: 'launchedBy',
    header: 'Launched by',
    cell: (instance) => instance.launchedBy,
    width: 130,
    hidden: true,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'launchedAt',
    header: 'Launched',
    cell: (instance) => <Time at={instance.launchedAt} />,
    width: 122,
    sort: true,
    filter: { kind: 'date' },
  },
];
