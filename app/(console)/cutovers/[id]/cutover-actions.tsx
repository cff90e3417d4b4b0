'use client';
// What can be done with a cutover as it is now, each with a question before it.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { shownFault } from '../../../_shell/faults.ts';
import { useMay } from '../../../_shell/member.tsx';
import { useMutation } from '../../../_shell/mutation.ts';
import { useNotifications } from '../../../_shell/notifications.tsx';
import { useTRPC } from '../../../_shell/trpc.ts';
import { formatNumberOf } from '../../../_ui/quantity.ts';
import { Confirm } from '../confirm.tsx';
import { startWhat } from '../start-words.ts';
import type { Cutover } from '../types.ts';

type Verb = 'start' | 'cancel' | 'rollBack' | 'finish';

const WORDS: Record<Verb, { verb: string; done: (server: string) => string }> = {
  start: { verb: 'Start cutover', done: (server) => `The cutover of ${server} has started` },
  cancel: { verb: 'Cancel cutover', done: (server) => `The cutover of ${server} was cancelled` },
  rollBack: { verb: 'Roll back', done: (server) => `The cutover of ${server} is being rolled back` },
  finish: { verb: 'Finish', done: (server) => `The cutover of ${server} is finished` },
};

export function CutoverActions({ cutover }: { cutover: Cutover }) {
  const mayStart = useMay('cutover.start');
  const mayCancel = useMay('cutover.cancel');
  const mayRollBack = useMay('cutover.roll-back');
  const mayDecide = useMay('cutover.decide');
  const [asking, setAsking] = useState<Verb | null>(null);
  return (
    <>
      <Button href={`/cutovers/${cutover.id}/wall`}>Wall view</Button>
      <Button href={`/cutovers/${cutover.id}/evidence`}>Evidence</Button>
      {mayCancel && cutover.canCancel && <Button onClick={() => setAsking('cancel')}>Cancel cutover</Button>}
      {mayRollBack && cutover.canRollBack && <Button onClick={() => setAsking('rollBack')}>Roll back</Button>}
      {mayDecide && cutover.state === 'cut-over' && (
        <Button variant="primary" onClick={() => setAsking('finish')}>
          Finish
        </Button>
      )}
      {mayStart && cutover.state === 'planned' && (
        <Button variant="primary" onClick={() => setAsking('start')}>
          Start cutover
        </Button>
      )}
      {asking && <Ask key={asking} what={asking} cutover={cutover} onDone={() => setAsking(null)} />}
    </>
  );
}

function Ask({ what, cutover, onDone }: { what: Verb; cutover: Cutover; onDone: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { notify } = useNotifications();
  const { serverName } = cutover;
  const options = {
    meta: { inline: true },
    async onSuccess() {
      notify({ type: 'success', header: WORDS[what].done(serverName) });
      onDone();
      await queryClient.invalidateQueries({ queryKey: trpc.cutovers.get.queryKey({ cutoverId: cutover.id }) });
    },
  };
  const mutations = {
    start: useMutation(trpc.cutovers.start.mutationOptions(options)),
    cancel: useMutation(trpc.cutovers.cancel.mutationOptions(options)),
    rollBack: useMutation(trpc.cutovers.rollBack.mutationOptions(options)),
    finish: useMutation(trpc.cutovers.finish.mutationOptions(options)),
  };
  const { mutate, isPending, error } = mutations[what];
  const failing = cutover.checks.filter(({ state }) => state === 'fail').length;
  const { verb } = WORDS[what];
  return (
    <Confirm
      title={`${verb}: ${serverName}?`}
      verb={verb}
      what={consequences(what, cutover)}
      warning={what === 'start' && failing > 0 && <FailingChecks count={failing} />}
      {...(what === 'finish' ? { typed: serverName } : {})}
      busy={isPending}
      fault={error ? shownFault(error) : null}
      onConfirm={() => mutate({ cutoverId: cutover.id })}
      onCancel={onDone}
    />
  );
}

export function FailingChecks({ count }: { count: number }) {
  return (
    <Alert type="warning" statusIconAriaLabel="Warning">
      {count === 1 ? '1 check does' : `${formatNumberOf(count, 'check')} do`} not pass. The cutover stops there and
      asks; nothing is shut down before that.
    </Alert>
  );
}

function consequences(what: Verb, { serverName, options, instance, run, downtimeEndedAt }: Cutover): string[] {
  if (what === 'start') return startWhat(serverName, options);
  if (what === 'cancel')
    return ['Nothing was touched, so nothing has to be undone.', 'The replication job continues as before.'];
  if (what === 'finish') {
    return [
      'The replication job ends: nothing is copied from the server any more, and its baseline goes.',
      'Its AMIs and the instance stay; the server stays as it is at its source.',
      'There is no way back from here.',
    ];
  }
  return [
    ...(run && !instance ? ['A final run that is still going is cancelled and cleans up after itself.'] : []),
    ...(instance ? ['The instance is stopped, not terminated.'] : []),
    options.touchSource
      ? `${serverName} is powered on again at its source.`
      : `${serverName} is not touched: your team starts it again.`,
    ...(downtimeEndedAt ? ['What was written to the instance since the cut-over stays there and nowhere else.'] : []),
    'The replication job continues from the same baseline.',
  ];
}
