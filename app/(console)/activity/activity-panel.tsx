'use client';
import SpaceBetween from '@cloudscape-design/components/space-between';
import SplitPanel from '@cloudscape-design/components/split-panel';
import Table from '@cloudscape-design/components/table';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { KeyValues } from '../../_ui/key-values.tsx';
import { orUnknown } from '../../_ui/quantity.ts';
import { Time } from '../../_ui/time.tsx';
import { actionLabel, changesOf } from './actions.ts';
import type { ActivityEntry } from './columns.tsx';

export function ActivityPanel({ entry }: { entry: ActivityEntry }) {
  const changes = changesOf(entry.before, entry.after);
  return (
    <SplitPanel header={`${actionLabel(entry.action)}: ${entry.subjectName}`}>
      <SpaceBetween size="l">
        <KeyValues
          columns={4}
          items={[
            ['Time', <Time key="at" at={entry.at} exact />],
            ['Who', entry.actorName],
            ['From', orUnknown(entry.address)],
            ['Id', <CopyableId key="id" id={entry.subjectId} />],
          ]}
        />
        {changes.length > 0 && (
          <Table
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
