'use client';
import Box from '@cloudscape-design/components/box';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import SplitPanel from '@cloudscape-design/components/split-panel';
import { AdaptiveTable } from '../../_ui/adaptive-table.tsx';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { KeyValues } from '../../_ui/key-values.tsx';
import { orUnknown } from '../../_ui/quantity.ts';
import { Time } from '../../_ui/time.tsx';
import { actionLabel, changesOf } from './actions.ts';
import { subjectHref, subjectLabel } from './subject.ts';
import type { ActivityEntry } from './types.ts';

export function ActivityPanel({ entry }: { entry: ActivityEntry }) {
  const changes = changesOf(entry.before, entry.after);
  const href = subjectHref(entry);
  return (
    <SplitPanel header={`${actionLabel(entry.action)}: ${entry.subjectName}`}>
      <SpaceBetween size="l">
        <KeyValues
          columns={3}
          items={[
            ['Time', <Time key="at" at={entry.at} exact />],
            ['Who', entry.actorName],
            ['From', orUnknown(entry.address)],
            [
              subjectLabel(entry.subjectKind),
              href ? (
                <Link key="subject" href={href}>
                  {entry.subjectName}
                </Link>
              ) : (
                entry.subjectName
              ),
            ],
            ['Id', <CopyableId key="id" id={entry.subjectId} />],
          ]}
        />
        {changes.length === 0 && <Box color="text-body-secondary">No further details were recorded.</Box>}
        {changes.length > 0 && (
          <AdaptiveTable
            variant="borderless"
            ariaLabels={{ tableLabel: 'What changed' }}
            trackBy="name"
            wrapLines
            items={changes}
            columnDefinitions={[
              { id: 'name', header: 'Field', cell: ({ name }) => name, isRowHeader: true },
              { id: 'before', header: 'Before', cell: ({ before }) => orUnknown(before) },
              { id: 'after', header: 'After', cell: ({ after }) => orUnknown(after) },
            ]}
          />
        )}
      </SpaceBetween>
    </SplitPanel>
  );
}
