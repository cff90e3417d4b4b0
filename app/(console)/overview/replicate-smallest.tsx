'use client';
// One button from a fresh lab to the first AMI: imports the catalog if there is none, then replicates its smallest server.
import Button from '@cloudscape-design/components/button';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useEffect, useRef, useState } from 'react';
import { Can } from '../../_shell/member.tsx';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import type { Overview } from './overview-types.ts';

const MESSAGE = 'replicate-smallest';

export function ReplicateSmallest({ overview, answeredAt }: { overview: Overview; answeredAt: number }) {
  const trpc = useTRPC();
  const router = useRouter();
  const { notify, dismiss } = useNotifications();
  /** The import that must come first was started then; null while nothing waits for one. */
  const [waitingSince, setWaitingSince] = useState<number | null>(null);
  const { mutate, isPending } = useMutation(
    trpc.overview.replicateSmallest.mutationOptions({
      onSuccess: (answer) => {
        if (answer.outcome === 'importing') {
          setWaitingSince(Date.now());
          notify({
            id: MESSAGE,
            type: 'in-progress',
            header: 'The server catalog is imported first',
            content: 'The replication job of the smallest server is created as soon as it is there.',
          });
          return;
        }
        setWaitingSince(null);
        notify({
          id: MESSAGE,
          type: 'success',
          header: `Replication job of ${answer.serverName} created`,
          content: 'Its first run starts at once.',
          action: { text: 'View replication job', href: `/jobs/${answer.jobId}` },
        });
        router.push(`/jobs/${answer.jobId}`);
      },
      onError: () => {
        setWaitingSince(null);
        dismiss(MESSAGE);
      },
    }),
  );

  // Once for each answer of the server that is newer than the wait.
  const seen = useRef(0);
  const { catalog } = overview;
  useEffect(() => {
    if (waitingSince === null || answeredAt <= waitingSince || seen.current === answeredAt) return;
    seen.current = answeredAt;
    if (catalog === 'available') mutate();
    else if (catalog === 'failed') {
      setWaitingSince(null);
      dismiss(MESSAGE);
      notify({ type: 'error', header: 'The server catalog could not be imported, so nothing was replicated' });
    }
  }, [waitingSince, answeredAt, catalog, mutate, notify, dismiss]);

  return (
    <Can permission="job.create">
      <Button
        variant="primary"
        loading={isPending || waitingSince !== null}
        loadingText={waitingSince === null ? 'Creating the replication job' : 'Importing the server catalog'}
        onClick={() => mutate()}
      >
        Replicate the smallest lab server
      </Button>
    </Can>
  );
}
