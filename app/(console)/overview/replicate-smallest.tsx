'use client';
// One button from a fresh lab to the first AMI. It asks once; where the catalog must be imported first, the server
// remembers the request and carries it out, and every tab shows its progress.
import Button from '@cloudscape-design/components/button';
import { useRouter } from 'next/navigation';
import { useEffect, useRef, useState } from 'react';
import { Can } from '../../_shell/member.tsx';
import { useMutation } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import type { Overview } from './types.ts';

const MESSAGE = 'replicate-smallest';

export function ReplicateSmallest({ overview }: { overview: Overview }) {
  const trpc = useTRPC();
  const router = useRouter();
  const { notify, notifyFault, dismiss } = useNotifications();
  /** The request that was made in this tab. */
  const [asked, setAsked] = useState<string | null>(null);

  function lead({ jobId, serverName }: { jobId: string; serverName: string }, outcome: 'created' | 'existing') {
    notify({
      id: MESSAGE,
      type: 'success',
      header:
        outcome === 'created'
          ? `Replication job of ${serverName} created`
          : `${serverName}, the smallest server, has a replication job`,
      content: outcome === 'created' ? 'Its first run starts at once.' : undefined,
      action: { text: 'View replication job', href: `/jobs/${jobId}` },
    });
    router.push(`/jobs/${jobId}`);
  }

  const { mutate, isPending } = useMutation(
    trpc.overview.replicateSmallest.mutationOptions({
      meta: { repeatable: true },
      onSuccess: (answer) => {
        if (answer.outcome !== 'importing') return lead(answer, answer.outcome);
        setAsked(answer.askedAt);
        notify({
          id: MESSAGE,
          type: 'in-progress',
          header: 'The server catalog is imported first',
          content: 'The replication job of the smallest server is created as soon as it is there.',
        });
      },
    }),
  );

  // The overview may hear of the end before the answer that names the request arrives.
  const { smallest } = overview;
  const waits = (smallest !== null && smallest.ended === null) || (asked ?? '') > (smallest?.askedAt ?? '');
  const told = useRef<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the request ends or is named, not with each rendering
  useEffect(() => {
    if (!smallest?.ended || smallest.askedAt !== asked || told.current === asked) return;
    told.current = asked;
    if ('jobId' in smallest.ended) return lead(smallest.ended, 'created');
    dismiss(MESSAGE);
    notifyFault(smallest.ended.fault);
  }, [smallest, asked]);

  return (
    <Can permission="job.create">
      <Button
        variant="primary"
        loading={isPending || waits}
        loadingText={waits ? 'Importing the server catalog' : 'Creating the replication job'}
        onClick={() => mutate()}
      >
        Replicate the smallest lab server
      </Button>
    </Can>
  );
}
