'use client';
// What the cutover asks, with its answers for those who may decide. Dangerous answers are asked twice.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { CHOICES, type Choice } from '../../../../replication/model/cutover.ts';
import { shownFault } from '../../../_shell/faults.ts';
import { useMay } from '../../../_shell/member.tsx';
import { useMutation } from '../../../_shell/mutation.ts';
import { useNotifications } from '../../../_shell/notifications.tsx';
import { useTRPC } from '../../../_shell/trpc.ts';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { Time } from '../../../_ui/time.tsx';
import { Confirm } from '../confirm.tsx';
import type { Cutover } from '../types.ts';

type Question = NonNullable<Cutover['question']>;

/** Stays in the page when nothing is asked, so that screen readers announce a question when it comes. */
export function QuestionCard({ cutover }: { cutover: Cutover }) {
  const { question } = cutover;
  return (
    <section aria-live="polite" aria-label="Question" tabIndex={-1} className="empty:hidden">
      {question && <Asked key={question.number} cutover={cutover} question={question} />}
    </section>
  );
}

function Asked({ cutover, question }: { cutover: Cutover; question: Question }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifications();
  const mayDecide = useMay('cutover.decide');
  const [asking, setAsking] = useState<Choice | null>(null);
  const answer = useMutation(
    trpc.cutovers.answer.mutationOptions({
      meta: { inline: true },
      async onSuccess(_answer, { choice }) {
        notify({ type: 'success', header: `Answered: ${CHOICES[choice].label}` });
        setAsking(null);
        await queryClient.invalidateQueries({ queryKey: trpc.cutovers.get.queryKey({ cutoverId: cutover.id }) });
      },
    }),
  );
  const fault = answer.error ? shownFault(answer.error) : null;
  const send = (choice: Choice) => answer.mutate({ cutoverId: cutover.id, question: question.number, choice });
  const press = (choice: Choice) => (CHOICES[choice].danger ? setAsking(choice) : send(choice));
  return (
    <Alert type="warning" statusIconAriaLabel="Warning" header={question.text}>
      <SpaceBetween size="s">
        {question.detail && <div className="break-words">{question.detail}</div>}
        <div>
          {mayDecide ? 'Asked' : 'Waiting for a cutover manager, asked'} <Time at={question.askedAt} />.
        </div>
        {fault && !asking && <FaultCard fault={fault} />}
        {mayDecide && (
          <SpaceBetween direction="horizontal" size="xs">
            {question.choices.map((choice, at) => (
              <Button
                key={choice}
                variant={at === 0 ? 'primary' : 'normal'}
                loading={answer.isPending && answer.variables.choice === choice && !asking}
                disabled={answer.isPending && answer.variables.choice !== choice}
                onClick={() => press(choice)}
              >
                {CHOICES[choice].label}
              </Button>
            ))}
          </SpaceBetween>
        )}
      </SpaceBetween>
      {asking && (
        <Confirm
          title={`${CHOICES[asking].label}: ${cutover.serverName}?`}
          verb={CHOICES[asking].label}
          what={consequences(asking, cutover.serverName)}
          busy={answer.isPending}
          fault={fault}
          onConfirm={() => send(asking)}
          onCancel={() => setAsking(null)}
        />
      )}
    </Alert>
  );
}

function consequences(choice: Choice, server: string): string[] {
  if (choice === 'power-off') {
    return [
      `${server} loses its power without a shutdown, as if its plug were pulled.`,
      'What its applications have not written to disk is lost; databases and file systems recover when they start.',
      'The final run begins as soon as the server is off.',
    ];
  }
  return [
    'The check counts as failed, and that stays in the evidence.',
    'The cutover goes on to its next step, and asks there whether the instance has taken over.',
  ];
}
