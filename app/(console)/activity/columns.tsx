// Columns of the activity.
import Link from '@cloudscape-design/components/link';
import { orUnknown } from '../../_ui/quantity.ts';
import type { ResourceColumn } from '../../_ui/table-columns.ts';
import { Time } from '../../_ui/time.tsx';
import { ACTION_LABELS, actionLabel } from './actions.ts';
import { SUBJECT_CHOICES, subjectHref, subjectLabel } from './subject.ts';
import type { ActivityEntry } from './types.ts';

export const COLUMNS: readonly ResourceColumn<ActivityEntry>[] = [
  {
    id: 'at',
    header: 'Time',
    cell: (entry) => <Time at={entry.at} />,
    width: 120,
    sort: true,
    filter: { kind: 'date' },
  },
  {
    id: 'actor',
    header: 'Who',
    cell: (entry) => entry.actorName,
    width: 150,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'action',
    header: 'Action',
    cell: (entry) => actionLabel(entry.action),
    width: 220,
    sort: true,
    isName: true,
    filter: {
      kind: 'choice',
      values: Object.entries(ACTION_LABELS).map(([value, label]) => ({ value, label })),
    },
  },
  {
    id: 'subject',
    header: 'Subject',
    cell: (entry) => {
      const href = subjectHref(entry);
      return href ? <Link href={href}>{entry.subjectName}</Link> : entry.subjectName;
    },
    width: 180,
    sort: true,
    filter: { kind: 'text' },
  },
  {
    id: 'subjectKind',
    header: 'Kind',
    cell: (entry) => subjectLabel(entry.subjectKind),
    width: 130,
    sort: true,
    filter: { kind: 'choice', values: SUBJECT_CHOICES },
  },
  {
    id: 'subjectId',
    header: 'Id',
    cell: (entry) => entry.subjectId,
    width: 180,
    filter: { kind: 'text' },
  },
  {
    id: 'address',
    header: 'From',
    cell: (entry) => orUnknown(entry.address),
    width: 130,
    sort: true,
    filter: { kind: 'text' },
  },
];
