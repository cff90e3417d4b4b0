'use client';
// A log that grows: follows its end until somebody scrolls up, filters by level, can be copied.
import Box from '@cloudscape-design/components/box';
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Toggle from '@cloudscape-design/components/toggle';
import { useEffect, useRef, useState } from 'react';
import { formatCount } from './quantity.ts';

export interface LogLine {
  id: string | number;
  at: Date | string;
  level: 'debug' | 'info' | 'warn' | 'error';
  text: string;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
/** More lines than this are cut at the front; the whole log is for downloading. */
const MAX_LINES = 2000;

const LEVEL_STYLE: Record<LogLine['level'], string> = {
  debug: 'text-slate-600 dark:text-slate-400',
  info: '',
  warn: 'text-amber-900 dark:text-amber-300',
  error: 'text-red-700 dark:text-red-300',
};

interface LiveLogProps {
  /** Oldest first. */
  lines: readonly LogLine[];
  /** What the log is of: `Log of sms-run-…`. */
  label: string;
  empty?: string;
}

export function LiveLog({ lines, label, empty = 'Nothing has been logged yet.' }: LiveLogProps) {
  const [level, setLevel] = useState<LogLine['level']>('info');
  const [follow, setFollow] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const shown = lines.filter((line) => LEVELS.indexOf(line.level) >= LEVELS.indexOf(level)).slice(-MAX_LINES);
  const last = shown.at(-1)?.id;

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when a line was added
  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, last]);

  return (
    <SpaceBetween size="xs">
      <div className="flex flex-wrap items-center gap-4">
        <SegmentedControl
          label="Lowest level"
          selectedId={level}
          onChange={({ detail }) => setLevel(detail.selectedId as LogLine['level'])}
          options={LEVELS.map((id) => ({ id, text: id }))}
        />
        <Toggle checked={follow} onChange={({ detail }) => setFollow(detail.checked)}>
          Follow
        </Toggle>
        <CopyToClipboard
          variant="icon"
          textToCopy={shown.map((line) => `${stamp(line.at)} ${line.level.padEnd(5)} ${line.text}`).join('\n')}
          copyButtonAriaLabel="Copy log"
          copySuccessText="Copied"
          copyErrorText="Could not be copied"
        />
        {lines.length > MAX_LINES && <Box variant="small">The last {formatCount(MAX_LINES)} lines are shown.</Box>}
      </div>
      <div
        ref={box}
        role="log"
        aria-label={label}
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must be able to scroll it
        tabIndex={0}
        onScroll={({ currentTarget: at }) => {
          const atEnd = at.scrollHeight - at.scrollTop - at.clientHeight < 24;
          if (!atEnd && follow) setFollow(false);
        }}
        className="max-h-96 min-h-24 overflow-auto rounded-lg border border-solid border-slate-300 bg-slate-50 p-3 font-mono text-xs leading-5 text-slate-900 dark:border-slate-600 dark:bg-[#0f141a] dark:text-slate-200"
      >
        {shown.length === 0 && empty}
        {shown.map((line) => (
          <div key={line.id} className={`break-words whitespace-pre-wrap ${LEVEL_STYLE[line.level]}`}>
            {stamp(line.at)} {line.level.padEnd(5)} {line.text}
          </div>
        ))}
      </div>
    </SpaceBetween>
  );
}

/** UTC, as in the log of the programs, so that lines can be compared. */
function stamp(at: Date | string): string {
  const date = typeof at === 'string' ? new Date(at) : at;
  return Number.isNaN(date.getTime()) ? '--:--:--.---' : date.toISOString().slice(11, 23);
}
