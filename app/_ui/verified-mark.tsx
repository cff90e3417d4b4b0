'use client';
// How much of what a run made was read back and found as it was at the source.
import Box from '@cloudscape-design/components/box';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { formatCount, UNKNOWN } from './quantity.ts';

export interface Verified {
  checked: number;
  blocks: number;
  full: boolean;
}

export const VERIFIED_CHOICES = [
  { value: 'sampled', label: 'Sampled' },
  { value: 'full', label: 'Fully' },
];

/** `Sampled`, and how many: `48 of 1,200 blocks`. */
function verifiedWords({ checked, blocks, full }: Verified): { mark: string; count: string } {
  if (full) return { mark: 'Fully', count: `all ${formatCount(blocks)} blocks` };
  return { mark: 'Sampled', count: `${formatCount(checked)} of ${formatCount(blocks)} blocks` };
}

/** The same in one line: `Sampled: 48 of 1,200 blocks`. */
export function verifiedLine(verified: Verified): string {
  const { mark, count } = verifiedWords(verified);
  return `${mark === 'Fully' ? 'Fully verified' : mark}: ${count}`;
}

export function VerifiedMark({ verified }: { verified: Verified | null }) {
  if (!verified) return <>{UNKNOWN}</>;
  const { mark, count } = verifiedWords(verified);
  return (
    <div title={`${mark}: ${count} read back and found as they were at the source`}>
      <StatusIndicator type="success">{mark}</StatusIndicator>
      <Box variant="small" color="text-body-secondary" display="block">
        {count}
      </Box>
    </div>
  );
}
