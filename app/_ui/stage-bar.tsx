'use client';
// The four SMS stages of a run as one bar with its percentage. It never runs backwards.
import { useRef } from 'react';
import type { SmsStage } from '../../replication/model/itinerary.ts';
import { formatPercent } from './quantity.ts';
import { stageAt, stageShares } from './stage-progress.ts';

export interface StageBarProps {
  /** Of which run: another one starts anew. */
  runId: string;
  state: 'pending' | 'active' | 'completed' | 'failed' | 'cancelled' | 'missed' | 'deleting' | 'deleted';
  /** 0–100 of the whole run; null while it is not known. */
  percent: number | null;
  /** As the server says; left out: the stage in which the percentage lies. */
  stage?: SmsStage | null;
  /** For a table cell: no names of stages below the bar. */
  compact?: boolean;
}

export function StageBar({ runId, state, percent, stage, compact = false }: StageBarProps) {
  const highest = useRef({ runId, percent: 0 });
  if (highest.current.runId !== runId) highest.current = { runId, percent: 0 };
  const shown = state === 'completed' ? 100 : Math.max(highest.current.percent, percent ?? 0);
  highest.current.percent = shown;

  const current = state === 'completed' ? 'Creating AMI' : (stage ?? stageAt(shown));
  const done = formatPercent(percent === null && state !== 'completed' ? null : shown);
  const text = state === 'completed' ? 'Completed' : `${current} ${done}`;
  const colour = COLOURS[state] ?? 'var(--stage-active)';
  const shares = stageShares(shown);
  // No transition once a run has ended: a bar still moving would make a completed run look unfinished.
  const movement = isOver(state) ? '' : 'transition-[width] duration-500 motion-reduce:transition-none';
  return (
    <div className={compact ? 'flex min-w-36 flex-wrap items-center gap-x-2' : 'flex w-full gap-3'}>
      <div className={compact ? 'w-20 shrink-0' : 'min-w-0 flex-1'}>
        <div
          role="progressbar"
          aria-label="Progress of the replication run"
          aria-valuemin={0}
          aria-valuemax={100}
          {...(percent === null && state !== 'completed' ? {} : { 'aria-valuenow': Math.floor(shown) })}
          aria-valuetext={text}
          className={`flex gap-0.5 ${compact ? '' : 'h-5 items-center'}`}
        >
          {shares.map((part) => (
            <span
              key={part.stage}
              className={`${compact ? 'h-1.5' : 'h-2'} flex-1 overflow-hidden rounded-sm`}
              style={{ background: 'var(--stage-track)' }}
            >
              <span
                className={`block h-full ${movement}`}
                style={{ width: `${part.share * 100}%`, background: colour }}
              />
            </span>
          ))}
        </div>
        {!compact && (
          <ol className="m-0 flex list-none gap-0.5 p-0 text-sm">
            {shares.map((part) => (
              <li key={part.stage} className={`flex-1 ${part.stage === current ? 'font-semibold' : OTHER_STAGE}`}>
                {part.stage}
              </li>
            ))}
          </ol>
        )}
      </div>
      <span className={`tabular whitespace-nowrap ${compact ? '' : 'min-w-11 text-right'}`}>
        {compact ? text : done}
      </span>
    </div>
  );
}

/** Four names beside each other do not fit a narrow screen. */
const OTHER_STAGE = 'max-[688px]:hidden';

const isOver = (state: StageBarProps['state']) => state !== 'pending' && state !== 'active';

const COLOURS: Partial<Record<StageBarProps['state'], string>> = {
  completed: 'var(--stage-done)',
  failed: 'var(--stage-failed)',
  cancelled: 'var(--stage-ended)',
  missed: 'var(--stage-ended)',
};
