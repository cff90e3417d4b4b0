'use client';
// The form of a cutover's plan, with what was found now above it.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Form from '@cloudscape-design/components/form';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useRef, useState } from 'react';
import { ownZone } from '../../../_forms/zoned-time.ts';
import { shownFault } from '../../../_shell/faults.ts';
import { useUnsavedGuard } from '../../../_shell/leave-guard.tsx';
import { useMember } from '../../../_shell/member.tsx';
import { useMutation } from '../../../_shell/mutation.ts';
import { useNotifications } from '../../../_shell/notifications.tsx';
import { useTRPC } from '../../../_shell/trpc.ts';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { focusFirstProblem } from '../../../_ui/first-problem.ts';
import { FailingChecks } from '../[id]/cutover-actions.tsx';
import { Confirm } from '../confirm.tsx';
import { startWhat } from '../start-words.ts';
import { isChanged, NEW_PLAN, type Plan, type PlanDraft, planOf } from './plan-draft.ts';
import { CheckFields, SourceFields, StartFields } from './plan-fields.tsx';
import { ReadinessCard } from './readiness-card.tsx';

interface PlanFormProps {
  jobId: string;
  serverName: string;
  onPlanned: () => void;
}

export function PlanForm({ jobId, serverName, onPlanned }: PlanFormProps) {
  const trpc = useTRPC();
  const router = useRouter();
  const { notify } = useNotifications();
  const zone = (useMember().preferences.timeZone as string | undefined) ?? ownZone();
  const [draft, setDraft] = useState<PlanDraft>(NEW_PLAN);
  // Problems are shown from the first attempt on: a message that appears on blur would move the button being clicked.
  const [tried, setTried] = useState(false);
  const [asking, setAsking] = useState<Plan | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const readiness = useQuery(
    trpc.cutovers.readiness.queryOptions(
      { jobId, touchSource: draft.touchSource },
      { placeholderData: keepPreviousData },
    ),
  );
  const save = useMutation(
    trpc.cutovers.plan.mutationOptions({
      meta: { inline: true, once: true },
      onSuccess({ id }, { start }) {
        onPlanned();
        notify({
          type: 'success',
          header: start === 'now' ? `The cutover of ${serverName} has started` : `Cutover of ${serverName} planned`,
        });
        router.push(`/cutovers/${id}`);
      },
    }),
  );
  const fields = {
    draft,
    problems: tried ? (planOf(draft, zone, new Date()).problems ?? {}) : {},
    onChange: (change: Partial<PlanDraft>) => setDraft((before) => ({ ...before, ...change })),
  };
  const busy = save.isPending || save.isSuccess;
  const guard = useUnsavedGuard(isChanged(draft) && !busy);
  const fault = save.error ? shownFault(save.error) : null;
  const send = (plan: Plan) => save.mutate({ jobId, ...plan });

  function submit() {
    setTried(true);
    const { plan } = planOf(draft, zone, new Date());
    if (!plan) {
      focusFirstProblem(form.current);
    } else if (plan.start === 'now') {
      save.reset();
      setAsking(plan);
    } else send(plan);
  }

  const failing = readiness.data?.checks.filter(({ state }) => state === 'fail').length ?? 0;
  return (
    <SpaceBetween size="l">
      {guard.dialog}
      <ReadinessCard query={readiness} />
      <form
        ref={form}
        aria-label="Plan of the cutover"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Form
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button formAction="none" variant="link" href={`/jobs/${jobId}`}>
                Cancel
              </Button>
              <Button variant="primary" loading={busy && !asking}>
                {draft.start === 'now' ? 'Start cutover' : 'Plan cutover'}
              </Button>
            </SpaceBetween>
          }
        >
          <SpaceBetween size="l">
            <Container header={<Header variant="h2">The server at its source</Header>}>
              <SourceFields {...fields} />
            </Container>
            <Container header={<Header variant="h2">Checks of the instance</Header>}>
              <CheckFields {...fields} />
            </Container>
            <Container header={<Header variant="h2">Start</Header>}>
              <StartFields {...fields} zone={zone} />
            </Container>
            {fault && !asking && <FaultCard fault={fault} />}
          </SpaceBetween>
        </Form>
      </form>
      {asking && (
        <Confirm
          title={`Start cutover: ${serverName}?`}
          verb="Start cutover"
          what={startWhat(serverName, asking.options)}
          warning={failing > 0 && <FailingChecks count={failing} />}
          busy={busy}
          fault={fault}
          onConfirm={() => send(asking)}
          onCancel={() => setAsking(null)}
        />
      )}
    </SpaceBetween>
  );
}
