'use client';
// The AWS target: where it is, and how runs use it. Members who may change it can turn the card into a form.
import Badge from '@cloudscape-design/components/badge';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Skeleton from '@cloudscape-design/components/skeleton';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useQuery } from '@tanstack/react-query';
import { shownFault } from '../../_shell/faults.ts';
import { useMay, useMember } from '../../_shell/member.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { EditableCard } from '../../_ui/editable-card.tsx';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { KeyValues } from '../../_ui/key-values.tsx';
import { Time } from '../../_ui/time.tsx';
import {
  ENCRYPTION_CHOICES,
  encryptionOf,
  labelOf,
  TRANSFER_CHOICES,
  TRANSPORT_CHOICES,
  VERIFICATION_CHOICES,
} from './target-choices.ts';
import { TargetForm } from './target-form.tsx';
import type { Target } from './types.ts';

/** A card for each target. While there is only one, its name says nothing. */
export function TargetCards() {
  const trpc = useTRPC();
  const { data: targets = [] } = useQuery(trpc.targets.list.queryOptions());
  if (targets.length < 2) return <TargetCard id={targets[0]?.id} title="AWS target" />;
  return targets.map(({ id, name }) => <TargetCard key={id} id={id} title={`AWS target ${name}`} />);
}

function TargetCard({ id, title }: { id: string | undefined; title: string }) {
  const trpc = useTRPC();
  const { lab } = useMember();
  const target = useQuery(trpc.targets.get.queryOptions({ targetId: id }));
  const mayEdit = useMay('target.manage');
  return (
    <EditableCard
      title={title}
      info={lab && <Badge color="blue">Lab</Badge>}
      description="Where replication runs copy servers to, and how."
      editLabel={`Edit ${title}`}
      mayEdit={mayEdit && target.data !== undefined}
    >
      {({ editing, done }) => (
        <SpaceBetween size="l">
          <Place id={id} />
          {target.error && !target.data && (
            <FaultCard
              fault={shownFault(target.error)}
              action={<Button onClick={() => void target.refetch()}>Try again</Button>}
            />
          )}
          {!target.data && !target.error && <Skeleton height="76px" />}
          {target.data && !editing && <Shown target={target.data} />}
          {target.data && editing && <TargetForm target={target.data} onDone={done} />}
        </SpaceBetween>
      )}
    </EditableCard>
  );
}

/** Region, bucket and account. The account is asked of AWS, which may not answer. */
function Place({ id }: { id: string | undefined }) {
  const trpc = useTRPC();
  const { data, error } = useQuery(trpc.jobs.target.queryOptions({ targetId: id }, { staleTime: 60_000 }));
  if (error && !data) return <FaultCard fault={shownFault(error)} />;
  const loading = <StatusIndicator type="loading">Asking AWS</StatusIndicator>;
  return (
    <SpaceBetween size="m">
      <KeyValues
        items={[
          ['Region', data ? data.region : loading],
          ['Staging bucket', data ? <CopyableId key="bucket" id={data.bucket} name="staging bucket" /> : loading],
          ['Account', data ? <CopyableId key="account" id={data.account} name="account" /> : loading],
        ]}
      />
      {data?.fault && <FaultCard fault={data.fault} />}
    </SpaceBetween>
  );
}

function Shown({ target }: { target: Target }) {
  return (
    <KeyValues
      items={[
        ['Transfer path', <Chosen key="transfer" choices={TRANSFER_CHOICES} value={target.transfer} />],
        ['How disks are read', <Chosen key="transport" choices={TRANSPORT_CHOICES} value={target.transport} />],
        ['Verification', <Chosen key="verification" choices={VERIFICATION_CHOICES} value={target.verification} />],
        ['Encryption', <Chosen key="encryption" choices={ENCRYPTION_CHOICES} value={encryptionOf(target)} />],
        ['KMS key', target.kmsKeyArn !== null && <CopyableId key="key" id={target.kmsKeyArn} name="KMS key" />],
        [
          'Last changed',
          target.changedAt ? (
            <span key="changed">
              <Time at={target.changedAt} />
              {target.changedBy && ` by ${target.changedBy}`}
            </span>
          ) : (
            'Never: these are the defaults'
          ),
        ],
      ]}
    />
  );
}

function Chosen<Value extends string>({
  choices,
  value,
}: {
  choices: readonly { value: Value; label: string; description: string }[];
  value: Value;
}) {
  return (
    <>
      <div>{labelOf(choices, value)}</div>
      <Box variant="small" color="text-body-secondary">
        {choices.find((choice) => choice.value === value)?.description}
      </Box>
    </>
  );
}
