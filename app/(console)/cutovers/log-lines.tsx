'use client';
// Lines of a cutover's log: when, who, what; decisions and comments stand out by a word.
import Box from '@cloudscape-design/components/box';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { Time } from '../../_ui/time.tsx';
import type { LogEntry } from './types.ts';

const WORDS = { decision: 'Decision', comment: 'Comment', warning: 'Warning', error: 'Error' } as const;

export function LogLines({ lines, label }: { lines: readonly LogEntry[]; label: string }) {
  if (lines.length === 0) return <Box color="text-body-secondary">Nothing has been logged yet.</Box>;
  return (
    <ol aria-label={label} className="m-0 flex list-none flex-col gap-2 p-0">
      {lines.map((line) => (
        <li key={line.id} className="min-w-0 break-words">
          <div>
            <Box variant="small" color="text-body-secondary">
              <Time at={line.at} exact />
              {line.who && ` · ${line.who}`}
              {line.level !== 'info' && ` · ${WORDS[line.level]}`}
            </Box>
          </div>
          {line.level === 'warning' || line.level === 'error' ? (
            <StatusIndicator type={line.level} iconAriaLabel={WORDS[line.level]} wrapText>
              {line.text}
            </StatusIndicator>
          ) : (
            <Box variant={line.level === 'info' ? 'span' : 'strong'}>{line.text}</Box>
          )}
        </li>
      ))}
    </ol>
  );
}
