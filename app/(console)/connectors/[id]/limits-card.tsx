'use client';
// How many runs a connector takes at once and how much it may send. Members who may change it can turn the card into a form.
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMay } from '../../../_shell/member.tsx';
import { EditableCard } from '../../../_ui/editable-card.tsx';
import { KeyValues } from '../../../_ui/key-values.tsx';
import { formatCount } from '../../../_ui/quantity.ts';
import { hoursText, limitText } from '../limits-words.ts';
import type { Connector } from '../types.ts';
import { LimitsForm } from './limits-form.tsx';

export function LimitsCard({ connector }: { connector: Connector }) {
  const mayEdit = useMay('connector.edit');
  const { bandwidth, maxRuns } = connector;
  const hours = bandwidth?.hours ?? [];
  return (
    <EditableCard
      title="Limits"
      description="How many runs may be under way at once, and how much is sent to AWS."
      editLabel="Edit limits"
      mayEdit={mayEdit && !connector.disassociatedAt}
    >
      {({ editing, done }) =>
        editing ? (
          <LimitsForm connector={connector} onDone={done} />
        ) : (
          <SpaceBetween size="m">
            <KeyValues
              items={[
                ['Runs at once', formatCount(maxRuns)],
                ['Bandwidth limit', limitText(bandwidth?.limit ?? null)],
                ['Time zone', hours.length > 0 && bandwidth?.timeZone],
              ]}
            />
            <KeyValues
              columns={1}
              items={[
                [
                  'Hours with another limit',
                  hours.length === 0 ? 'None' : hours.map((one) => <div key={hoursText(one)}>{hoursText(one)}</div>),
                ],
              ]}
            />
          </SpaceBetween>
        )
      }
    </EditableCard>
  );
}
