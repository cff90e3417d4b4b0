'use client';
// Columns of the table of cutovers.
import Link from '@cloudscape-design/components/link';
import type { ReactNode } from 'react';
import { cutoverStateSchema } from '../../../replication/model/cutover.ts';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { orUnknown, UNKNOWN } from '../../_ui/quantity.ts';
import { Reason } from '../../_ui/status.tsx';
import { statesOf } from '../../_ui/status-kinds.ts';
import type { ResourceColumn } from '../../_ui/table-columns.ts';
import { Elapsed, Time } from '../../_ui/time.tsx';
import { CutoverStatus } from './cutover-status.tsx';
import { currentStep } from './step-states.ts';
import type { ListedCutover } from './types.ts';

const STATES = cutoverStateSchema.options as readonly string[];

export const COLUMNS: readonly ResourceColumn<ListedCutover>[] = [
  {
    id: 'server',
    header: 'Server',
    cell: (cutover) => <Link href={`/cutovers/${cutover.id}`}>{cutover.serverName}</Link>,
    width: 140,
    sort: true,
    filter: { kind: 'text' },
    isName: true,
  },
  {
    id: 'state',
    header: 'State',
    cell: (cutover) => <CutoverStatus cutover={cutover} />,
    width: 180,
    sort: true,
    filter: { kind: 'choice', values: statesOf('cutover').filter(({ value }) => STATES.includes(value)) },
  },
  { id: 'step', header: 'Step', cell: whereItIs, width: 290 },
  {
    id: 'startAt',
    header: 'Start',
    cell: (cutover) =>
      cutover.startedAt || cutover.startAt ? <Time at={cutover.startedAt ?? cutover.startAt} /> : startOf(cutover),
    width: 125,
    sort: true,
    filter: { kind: 'date' },
  },
  {
    id: 'downtime',
    header: 'Downtime',
    cell: (cutover) => <Elapsed since={cutover.downtimeStartedAt} until={cutover.downtimeEndedAt} />,
    width: 115,
  },
  {
    id: 'createdBy',
    header: 'Planned by',
    cell: (cutover) => cutover.createdBy,
    width: 130,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'startedBy',
    header: 'Started by',
    cell: (cutover) => orUnknown(cutover.startedBy),
    width: 160,
    hidden: true,
  },
  {
    id: 'endedAt',
    header: 'Ended',
    cell: (cutover) => <Time at={cutover.endedAt} />,
    width: 110,
    sort: true,
    filter: { kind: 'date' },
  },
  {
    id: 'createdAt',
    header: 'Planned',
    cell: (cutover) => <Time at={cutover.createdAt} />,
    width: 140,
    sort: true,
    filter: { kind: 'date' },
    hidden: true,
  },
  {
    id: 'job',
    header: 'Replication job',
    cell: (cutover) => <Link href={`/jobs/${cutover.jobId}`}>{cutover.jobId}</Link>,
    width: 200,
    filter: { kind: 'text' },
    hidden: true,
  },
  {
    id: 'id',
    header: 'Cutover id',
    cell: (cutover) => <CopyableId id={cutover.id} name="cutover id" />,
    width: 230,
    filter: { kind: 'text' },
    hidden: true,
  },
];

function startOf(cutover: ListedCutover): string {
  return cutover.state === 'planned' ? 'When started by hand' : UNKNOWN;
}

/** The step, and below it what is asked or waited for. */
function whereItIs(cutover: ListedCutover): ReactNode {
  if (cutover.over || cutover.state === 'planned') return UNKNOWN;
  const label = currentStep(cutover)?.label ?? UNKNOWN;
  const more = cutover.question?.text ?? cutover.waitingFor;
  return (
    <div>
      {label}
      {more && <Reason>{more}</Reason>}
    </div>
  );
}
