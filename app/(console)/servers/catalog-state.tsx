'use client';
// The state of the server catalog in one line, and what went wrong with the last import, connector by connector.
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { formatCount, formatNumberOf } from '../../_ui/quantity.ts';
import { Time } from '../../_ui/time.tsx';
import type { Catalog } from './types.ts';

type Source = Catalog['sources'][number];
type Counts = NonNullable<Source['summary']>;

function total(sources: readonly Source[]): Counts {
  const sum = { found: 0, added: 0, changed: 0, gone: 0 };
  for (const { summary } of sources) {
    sum.found += summary?.found ?? 0;
    sum.added += summary?.added ?? 0;
    sum.changed += summary?.changed ?? 0;
    sum.gone += summary?.gone ?? 0;
  }
  return sum;
}

const outcome = ({ added, changed, gone }: Counts) =>
  `${formatCount(added)} new, ${formatCount(changed)} changed, ${formatCount(gone)} gone`;

/** Inline content only: it stands in the description of a header. */
export function CatalogLine({ catalog }: { catalog: Catalog | undefined }) {
  if (!catalog) return <>The servers that your connectors have found.</>;
  const importing = catalog.sources.filter((source) => source.state === 'importing');
  if (importing.length > 0) {
    const counts = total(importing);
    const silent = importing.find((source) => source.connector.status !== 'healthy');
    return (
      <StatusIndicator type="in-progress">
        {silent
          ? `Import waits for the connector ${silent.connectorName}: ${silent.connector.reason ?? 'it is not healthy'}`
          : `Importing from ${importing.map((source) => source.connectorName).join(', ')}: ${formatNumberOf(counts.found, 'server')} found, ${formatCount(counts.added)} new, ${formatCount(counts.changed)} changed`}
      </StatusIndicator>
    );
  }
  const imported = catalog.sources.filter((source) => source.state === 'available');
  const failed = catalog.sources.filter((source) => source.state === 'failed');
  if (imported.length > 0) {
    const newest = imported.reduce((a, b) => ((a.at?.getTime() ?? 0) > (b.at?.getTime() ?? 0) ? a : b));
    return (
      <StatusIndicator type={failed.length > 0 ? 'warning' : 'success'}>
        <span className="break-normal wrap-anywhere">
          Imported <Time at={newest.at} />: {outcome(total(imported))}
        </span>
      </StatusIndicator>
    );
  }
  if (failed.length > 0) return <StatusIndicator type="error">The import failed</StatusIndicator>;
  return <StatusIndicator type="stopped">Not imported yet</StatusIndicator>;
}

export function CatalogFaults({ catalog }: { catalog: Catalog | undefined }) {
  const failed = catalog?.sources.filter((source) => source.state === 'failed' && source.fault) ?? [];
  return failed.map(
    ({ connectorId, connectorName, fault }) =>
      fault && (
        <FaultCard
          key={connectorId}
          fault={{ ...fault, message: `The import from ${connectorName} failed: ${fault.message}` }}
        />
      ),
  );
}
