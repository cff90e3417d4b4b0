'use client';
// What uses an AWS target now, and what still lies in each place that it ever had.
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import Skeleton from '@cloudscape-design/components/skeleton';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { shownFault } from '../../../../_shell/faults.ts';
import { useTRPC } from '../../../../_shell/trpc.ts';
import { AdaptiveTable } from '../../../../_ui/adaptive-table.tsx';
import { FaultCard } from '../../../../_ui/fault-card.tsx';
import { KeyValues } from '../../../../_ui/key-values.tsx';
import { Time } from '../../../../_ui/time.tsx';
import { numberText } from '../target-words.ts';
import type { TargetUsage } from '../types.ts';

export function UsageCards({ targetId }: { targetId: string }) {
  const trpc = useTRPC();
  const { data, error } = useQuery(trpc.targets.usage.queryOptions({ targetId }));
  if (error && !data) return <FaultCard fault={shownFault(error)} />;
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">What uses it</Header>}>
        {data ? <Now now={data.now} /> : <Skeleton height="46px" />}
      </Container>
      {data && <Places places={data.places} />}
    </SpaceBetween>
  );
}

const LINKS = [
  ['jobs', 'Replication jobs', '/jobs'],
  ['runs', 'Runs under way', '/runs'],
  ['images', 'AMIs', '/images'],
  ['instances', 'Instances', '/instances'],
] as const;

function Now({ now }: { now: TargetUsage['now'] }) {
  return (
    <KeyValues
      columns={3}
      items={[
        ...LINKS.map(
          ([of, label, href]) =>
            [
              label,
              now[of] > 0 ? (
                <Link key={of} href={href} ariaLabel={`${numberText(now[of])} ${label}`}>
                  {numberText(now[of])}
                </Link>
              ) : (
                'None'
              ),
            ] as const,
        ),
        ['Things at AWS in all', now.artifacts > 0 ? numberText(now.artifacts) : 'None'],
      ]}
    />
  );
}

type Place = TargetUsage['places'][number];

function Places({ places }: { places: readonly Place[] }) {
  return (
    <AdaptiveTable
      variant="container"
      trackBy={({ revision }) => String(revision)}
      items={places}
      wrapLines
      enableKeyboardNavigation
      ariaLabels={{ tableLabel: 'Places' }}
      header={
        <Header
          variant="h2"
          counter={`(${places.length})`}
          description="What was made in an earlier place stays there until its time comes, and is found and released there. Keep the bucket and its rights until nothing is left."
        >
          Places
        </Header>
      }
      columnDefinitions={[
        {
          id: 'bucket',
          header: 'Bucket and prefix',
          cell: ({ bucket, prefix }) => <span className="wrap-anywhere">{`${bucket}/${prefix}`}</span>,
          isRowHeader: true,
          minWidth: 200,
        },
        { id: 'region', header: 'Region', cell: ({ region }) => region, minWidth: 120 },
        { id: 'since', header: 'Since', cell: ({ since }) => <Time at={since} />, minWidth: 120 },
        { id: 'until', header: 'Until', cell: ({ until }) => (until ? <Time at={until} /> : 'Now'), minWidth: 120 },
        { id: 'images', header: 'AMIs', cell: ({ images }) => numberText(images), minWidth: 80 },
        { id: 'instances', header: 'Instances', cell: ({ instances }) => numberText(instances), minWidth: 100 },
        {
          id: 'artifacts',
          header: 'Things in all',
          cell: ({ artifacts }) => (artifacts > 0 ? numberText(artifacts) : 'Nothing is left'),
          minWidth: 120,
        },
      ]}
      empty="It has no place."
    />
  );
}
