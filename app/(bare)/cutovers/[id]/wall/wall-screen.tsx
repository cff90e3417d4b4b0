'use client';
// A cutover on the wall: no controls, to be read from five metres, live.
import Icon from '@cloudscape-design/components/icon';
import { useQuery } from '@tanstack/react-query';
import { shownFault } from '../../../../_shell/faults.ts';
import { useConnection } from '../../../../_shell/live.tsx';
import { useTRPC } from '../../../../_shell/trpc.ts';
import { type StatusKind, statusOf } from '../../../../_ui/status-kinds.ts';
import { Elapsed } from '../../../../_ui/time.tsx';
import { DowntimeClock } from '../../../../(console)/cutovers/downtime-clock.tsx';
import { currentStep, shownSteps } from '../../../../(console)/cutovers/step-states.ts';
import type { Cutover } from '../../../../(console)/cutovers/types.ts';
import { lastLine } from './last-line.ts';

const ICONS = {
  pending: 'status-pending',
  'in-progress': 'status-in-progress',
  success: 'status-positive',
  stopped: 'status-stopped',
  warning: 'status-warning',
  error: 'status-negative',
} as const;

const COLOURS: Record<StatusKind, string> = {
  pending: 'text-[#656871] dark:text-[#b4b4bb]',
  'in-progress': 'text-[#0b6fb8] dark:text-[#42b4ff]',
  success: 'text-[#067f3a] dark:text-[#2bb534]',
  stopped: 'text-[#656871] dark:text-[#b4b4bb]',
  warning: 'text-[#855900] dark:text-[#fbd332]',
  error: 'text-[#c9252d] dark:text-[#ff7a7a]',
};

const BIG = 'text-[clamp(1.25rem,min(3vw,4.5vh),3.5rem)] leading-tight';

export function WallScreen({ cutoverId }: { cutoverId: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.cutovers.get.queryOptions({ cutoverId }));
  const connection = useConnection();
  return (
    <main className="flex min-h-dvh flex-col gap-[2.5vh] p-[min(3vw,4vh)]">
      {(connection === 'lost' || query.error) && (
        <p role="alert" className={`m-0 ${BIG} ${COLOURS.warning}`}>
          {query.error ? shownFault(query.error).message : 'Connection to the console lost.'} What is shown here may be
          out of date.
        </p>
      )}
      {query.data && <Wall cutover={query.data} arrivedAt={query.dataUpdatedAt} />}
    </main>
  );
}

function Wall({ cutover, arrivedAt }: { cutover: Cutover; arrivedAt: number }) {
  const { question, waitingFor } = cutover;
  const step = currentStep(cutover);
  const shown = statusOf('cutover', cutover.question ? 'asks' : cutover.state);
  const line = lastLine(cutover.log, question);
  return (
    <>
      <header className="flex flex-wrap items-baseline justify-between gap-x-[4vw]">
        <h1 className="m-0 min-w-0 text-[clamp(2rem,min(6vw,9vh),7rem)] leading-none font-bold break-words">
          {cutover.serverName}
        </h1>
        <p className={`m-0 flex items-center gap-3 font-bold ${BIG} ${COLOURS[shown.kind]}`}>
          <Icon name={ICONS[shown.kind]} size="inherit" /> {shown.label}
        </p>
      </header>
      <div>
        <div aria-hidden="true" className={BIG}>
          Downtime
        </div>
        <DowntimeClock
          cutover={cutover}
          arrivedAt={arrivedAt}
          className="tabular text-[clamp(4rem,min(20vw,30vh),26rem)] leading-none font-bold"
        />
      </div>
      <div aria-live="polite" className={BIG}>
        {question ? (
          <div className="border-0 border-l-[0.5vw] border-solid border-current pl-[2vw]">
            <p className={`m-0 text-[clamp(1.5rem,min(4.5vw,7vh),5rem)] font-bold ${COLOURS.warning}`}>
              {question.text}
            </p>
            {question.detail && <p className="m-0 mt-2">{question.detail}</p>}
          </div>
        ) : (
          !cutover.over && (
            <>
              <p className="m-0 text-[clamp(1.5rem,min(4.5vw,7vh),5rem)] font-bold">
                {cutover.state === 'planned' ? 'Not started yet' : step?.label}
                {step?.record && !step.record.endedAt && (
                  <span className="font-normal">
                    {' · '}
                    <Elapsed since={step.record.startedAt} />
                  </span>
                )}
              </p>
              <p className="m-0 mt-2 break-words">{waitingFor ?? step?.what}</p>
            </>
          )
        )}
      </div>
      <ol aria-label="Steps" className={`m-0 flex list-none flex-wrap gap-x-[2.5vw] gap-y-2 p-0 ${BIG}`}>
        {shownSteps(cutover).map(({ id, label, state, current }) => {
          const { kind, label: word } = statusOf('cutover-step', state);
          return (
            <li key={id} className={`flex items-center gap-2 ${COLOURS[kind]} ${current ? 'font-bold' : ''}`}>
              <Icon name={ICONS[kind]} size="inherit" ariaLabel={word} /> {label}
            </li>
          );
        })}
      </ol>
      {line && (
        <p className="m-0 mt-auto text-[clamp(1rem,min(2vw,3vh),2.5rem)] leading-tight break-words">
          {line.who && <b>{line.who}: </b>}
          {line.text}
        </p>
      )}
    </>
  );
}
