'use client';
// How many runs may be active at once. Members who may change it can turn the card into a form.
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import Skeleton from '@cloudscape-design/components/skeleton';
import { useQuery } from '@tanstack/react-query';
import { shownFault } from '../../_shell/faults.ts';
import { useMay } from '../../_shell/member.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { EditableCard } from '../../_ui/editable-card.tsx';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { KeyValues } from '../../_ui/key-values.tsx';
import { formatCount } from '../../_ui/quantity.ts';
import { LimitsForm } from './limits-form.tsx';

export function LimitsCard() {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.limits.get.queryOptions());
  const mayEdit = useMay('limit.manage');
  return (
    <EditableCard
      title="Runs at once"
      description="Runs beyond these numbers wait in the queue and start by themselves when their turn comes."
      editLabel="Edit runs at once"
      mayEdit={mayEdit && data !== undefined}
    >
      {({ editing, done }) => (
        <>
          {error && !data && (
            <FaultCard fault={shownFault(error)} action={<Button onClick={() => void refetch()}>Try again</Button>} />
          )}
          {!data && !error && <Skeleton height="46px" />}
          {data && editing && <LimitsForm limits={data} onDone={done} />}
          {data && !editing && (
            <KeyValues
              items={[
                ['In total', formatCount(data.total)],
                ['Into one AWS account and Region', formatCount(data.perTarget)],
                [
                  'By one connector',
                  <Link key="connectors" href="/connectors">
                    Set on each connector
                  </Link>,
                ],
              ]}
            />
          )}
        </>
      )}
    </EditableCard>
  );
}
