'use client';
// The workspace's AWS targets, each with a page of its own.
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import { useQuery } from '@tanstack/react-query';
import { shownFault } from '../../_shell/faults.ts';
import { Can } from '../../_shell/member.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { AdaptiveTable } from '../../_ui/adaptive-table.tsx';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { orUnknown } from '../../_ui/quantity.ts';
import { StateWithReason } from '../../_ui/status.tsx';
import { CONNECTOR_CHOICES, labelOf, SIGN_IN_CHOICES } from './targets/target-choices.ts';
import { numberText } from './targets/target-words.ts';
import type { ListedTarget } from './targets/types.ts';

export function TargetsTable() {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.targets.all.queryOptions());
  if (error && !data)
    return <FaultCard fault={shownFault(error)} action={<Button onClick={() => void refetch()}>Try again</Button>} />;
  const create = (
    <Can permission="target.manage">
      <Button href="/settings/targets/create">Create AWS target</Button>
    </Can>
  );
  return (
    <AdaptiveTable<ListedTarget>
      variant="container"
      trackBy="id"
      items={data ?? []}
      loading={!data}
      loadingText="Loading AWS targets"
      wrapLines
      enableKeyboardNavigation
      ariaLabels={{ tableLabel: 'AWS targets' }}
      header={
        <Header
          variant="h2"
          counter={data ? `(${data.length})` : ''}
          description="Accounts, Regions and buckets that replication jobs go into."
          actions={create}
        >
          AWS targets
        </Header>
      }
      columnDefinitions={[
        {
          id: 'name',
          header: 'Name',
          cell: ({ id, name }) => (
            <span className="wrap-anywhere">
              <Link href={`/settings/targets/${id}`}>{name}</Link>
            </span>
          ),
          isRowHeader: true,
          minWidth: 150,
        },
        { id: 'account', header: 'Account', cell: ({ account }) => orUnknown(account), minWidth: 130 },
        { id: 'region', header: 'Region', cell: ({ region }) => orUnknown(region), minWidth: 120 },
        {
          id: 'bucket',
          header: 'Bucket',
          cell: ({ bucket }) => <span className="wrap-anywhere">{bucket}</span>,
          minWidth: 150,
        },
        { id: 'sign-in', header: 'Sign-in', cell: ({ signIn }) => labelOf(SIGN_IN_CHOICES, signIn), minWidth: 130 },
        {
          id: 'connectors',
          header: 'Connectors sign in',
          cell: ({ connectorSignIn }) => labelOf(CONNECTOR_CHOICES, connectorSignIn),
          minWidth: 150,
        },
        { id: 'jobs', header: 'Jobs', cell: ({ jobs }) => numberText(jobs), minWidth: 70 },
        {
          id: 'state',
          header: 'State',
          cell: (target) => <StateWithReason of="target" state={target.state} reason={whyOf(target)} />,
          minWidth: 160,
        },
      ]}
      empty={
        <EmptyTeaching title="No AWS target" action={create}>
          A target is the account, the Region and the bucket that servers are copied into. Create one before the first
          replication job.
        </EmptyTeaching>
      }
    />
  );
}

function whyOf({ state, environmentNote, isFirst }: ListedTarget): string | null {
  if (state === 'retired') return null;
  if (environmentNote) return 'The environment says something else';
  return isFirst ? 'Default for new jobs' : null;
}
