'use client';
// From selected servers to the wizard: those that cannot have a job stay behind, each with its reason.
import Button from '@cloudscape-design/components/button';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Can } from '../../_shell/member.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { formatNumberOf } from '../../_ui/quantity.ts';
import { createJobHref } from './server-words.ts';
import type { Candidate } from './types.ts';

export interface Selection {
  all: readonly Candidate[];
  able: readonly Candidate[];
  refused: readonly Candidate[];
}

/** What is known of the selected servers, wherever in the table they stand; undefined while it is asked. */
export function useSelection(serverIds: readonly string[]): Selection | undefined {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.jobs.candidates.queryOptions(
      { serverIds: [...serverIds] },
      { enabled: serverIds.length > 0, placeholderData: keepPreviousData },
    ),
  );
  if (serverIds.length === 0) return { all: [], able: [], refused: [] };
  if (!query.data) return undefined;
  const all = query.data.filter((one) => serverIds.includes(one.id));
  return { all, able: all.filter((one) => !one.refused), refused: all.filter((one) => one.refused) };
}

/** Why nothing can be created of this selection; undefined when something can. */
function hindrance({ all, able, refused }: Selection): string | undefined {
  if (able.length > 0) return undefined;
  const [first] = refused;
  if (!first) return 'Select the servers to replicate';
  return all.length === 1
    ? `${first.name}: ${first.refused}`
    : `None of the ${formatNumberOf(all.length, 'selected server')} can have a replication job; the panel says why`;
}

export function CreateJob({ selection }: { selection: Selection | undefined }) {
  const why = selection ? hindrance(selection) : undefined;
  return (
    <Can permission="job.create">
      <Button
        variant="primary"
        disabled={!selection || why !== undefined}
        disabledReason={why}
        {...(selection && !why ? { href: createJobHref(selection.able.map((one) => one.id)) } : {})}
      >
        Create replication job
      </Button>
    </Can>
  );
}
