'use client';
// What happened in a cutover, on paper: black on white in every theme, and as JSON.
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { shownFault } from '../../../../_shell/faults.ts';
import { useTRPC } from '../../../../_shell/trpc.ts';
import { FaultCard } from '../../../../_ui/fault-card.tsx';
import type { Evidence } from '../../../../(console)/cutovers/types.ts';
import { EvidenceSheet } from './evidence-sheet.tsx';

export function EvidenceScreen({ cutoverId }: { cutoverId: string }) {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.cutovers.evidence.queryOptions({ cutoverId }));
  return (
    <div className="mx-auto max-w-5xl p-4 print:max-w-none print:p-0">
      <header className="pb-4 print:hidden">
        <SpaceBetween direction="horizontal" size="xs">
          <Button href={`/cutovers/${cutoverId}`} iconName="angle-left">
            Back to the cutover
          </Button>
          {data && (
            <Button iconName="download" onClick={() => download(data)}>
              Download JSON
            </Button>
          )}
          {data && (
            <Button variant="primary" onClick={() => window.print()}>
              Print
            </Button>
          )}
        </SpaceBetween>
      </header>
      <main>
        {data && <EvidenceSheet evidence={data} />}
        {!data && error && (
          <FaultCard fault={shownFault(error)} action={<Button onClick={() => void refetch()}>Try again</Button>} />
        )}
      </main>
    </div>
  );
}

function download(evidence: Evidence) {
  const text = `${JSON.stringify(evidence, null, 2)}\n`;
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${evidence.cutover.id}-${evidence.cutover.server.replace(/[^\w.-]+/g, '_')}.json`;
  link.click();
  // By the next turn of the event loop the browser holds the bytes itself.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
