'use client';
// What was looked at, before a cutover or of its instance, each with what was found.
import Box from '@cloudscape-design/components/box';
import type { CutoverCheck } from '../../../replication/model/cutover.ts';
import { Status } from '../../_ui/status.tsx';

export function CheckList({ checks, label }: { checks: readonly CutoverCheck[]; label: string }) {
  return (
    <ul aria-label={label} className="m-0 flex list-none flex-col gap-3 p-0">
      {checks.map((check) => (
        <li key={check.id} className="grid grid-cols-1 gap-x-5 sm:grid-cols-[10rem_minmax(0,1fr)]">
          <div>
            <Box variant="strong">{check.label}</Box>
            <div>
              <Status of="cutover-check" state={check.state} />
            </div>
          </div>
          <div className="min-w-0 break-words">{check.text}</div>
        </li>
      ))}
    </ul>
  );
}
