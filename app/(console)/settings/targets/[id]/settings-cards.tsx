'use client';
// How an AWS target is used: replication, launches, tags.
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../../../_shell/trpc.ts';
import { CopyableId } from '../../../../_ui/copyable-id.tsx';
import { KeyValues } from '../../../../_ui/key-values.tsx';
import { formatCount } from '../../../../_ui/quantity.ts';
import { Time } from '../../../../_ui/time.tsx';
import {
  ENCRYPTION_CHOICES,
  encryptionOf,
  labelOf,
  TRANSFER_CHOICES,
  TRANSPORT_CHOICES,
  VERIFICATION_CHOICES,
} from '../target-choices.ts';
import type { Target } from '../types.ts';

export function ReplicationCard({ target }: { target: Target }) {
  const trpc = useTRPC();
  const { data: limits } = useQuery(trpc.limits.get.queryOptions());
  return (
    <Container header={<Header variant="h2">Replication</Header>}>
      <KeyValues
        items={[
          ['Transfer path', <Chosen key="transfer" choices={TRANSFER_CHOICES} value={target.transfer} />],
          ['How disks are read', <Chosen key="transport" choices={TRANSPORT_CHOICES} value={target.transport} />],
          ['Verification', <Chosen key="verification" choices={VERIFICATION_CHOICES} value={target.verification} />],
          ['Encryption', <Chosen key="encryption" choices={ENCRYPTION_CHOICES} value={encryptionOf(target)} />],
          ['KMS key', target.kmsKeyArn !== null && <CopyableId key="key" id={target.kmsKeyArn} name="KMS key" />],
          [
            'Runs at once into its account and Region',
            limits && (
              <Link key="limits" href="/settings">
                {formatCount(limits.perTarget)}
              </Link>
            ),
          ],
          [
            'Last changed',
            target.changedAt ? (
              <span key="changed">
                <Time at={target.changedAt} />
                {target.changedBy && ` by ${target.changedBy}`}
              </span>
            ) : (
              'Never: it is as it was created'
            ),
          ],
        ]}
      />
    </Container>
  );
}

export function Chosen<Value extends string>({
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

export function LaunchDefaultsCard({ target: { launchDefaults } }: { target: Target }) {
  return (
    <Container
      header={
        <Header variant="h2" description="For jobs that have no launch configuration of their own.">
          Default launch settings
        </Header>
      }
    >
      {launchDefaults ? (
        <KeyValues
          items={[
            ['Subnet', launchDefaults.subnetId],
            ['Security groups', launchDefaults.securityGroupIds.join(', ')],
            ['Instance type', launchDefaults.instanceType ?? 'The one that fits the server best'],
            ['Key pair', launchDefaults.keyName ?? 'None'],
            ['Instance profile', launchDefaults.instanceProfile ?? 'None'],
            [
              'Public address',
              launchDefaults.publicAddress === null
                ? 'As the subnet says'
                : launchDefaults.publicAddress
                  ? 'Yes'
                  : 'No',
            ],
          ]}
        />
      ) : (
        <Box color="text-body-secondary">None: each launch is configured by hand, or by its job.</Box>
      )}
    </Container>
  );
}

export function TagsCard({ target }: { target: Target }) {
  const tags = Object.entries(target.tags);
  return (
    <Container
      header={
        <Header variant="h2" description="Put on everything that runs and launches make at AWS.">
          Tags
        </Header>
      }
    >
      <SpaceBetween size="xs">
        {tags.length === 0 && <Box color="text-body-secondary">None besides Landfall's own.</Box>}
        {tags.map(([key, value]) => (
          <div key={key} className="wrap-anywhere">
            {key} = {value}
          </div>
        ))}
      </SpaceBetween>
    </Container>
  );
}

export function DistributionCard({ target: { distribution } }: { target: Target }) {
  const trpc = useTRPC();
  const copies = distribution.some(({ kind }) => kind === 'target');
  const { data: targets } = useQuery(trpc.targets.all.queryOptions(undefined, { enabled: copies }));
  const line = (entry: Target['distribution'][number]) => {
    if (entry.kind === 'share') return `Shared with account ${entry.account}`;
    if (entry.kind === 'target')
      return `Copied to the target ${targets?.find(({ id }) => id === entry.targetId)?.name ?? entry.targetId}`;
    return `Copied to ${entry.region}${entry.kmsKeyArn ? `, encrypted with ${entry.kmsKeyArn}` : ''}`;
  };
  return (
    <Container
      header={
        <Header variant="h2" description="After each run, beside it.">
          Share and copy AMIs
        </Header>
      }
    >
      <SpaceBetween size="xs">
        {distribution.length === 0 && <Box color="text-body-secondary">AMIs stay in this account and Region.</Box>}
        {distribution.map((entry) => (
          <div key={JSON.stringify(entry)} className="wrap-anywhere">
            {line(entry)}
          </div>
        ))}
      </SpaceBetween>
    </Container>
  );
}
