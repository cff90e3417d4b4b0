'use client';
// How much of what a run made was read back and found as it was at the source.
import Box from '@cloudscape-design/components/box';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { UNKNOWN } from '../../_ui/quantity.ts';
import { type Verified, verifiedWords } from './run-labels.ts';

/** In a table the count stands below, and in one line everywhere else. */
export function VerifiedMark({ verified, inRow = false }: { verified: Verified | null; inRow?: boolean }) {
  if (!verified) return <>{UNKNOWN}</>;
  const { mark, count } = verifiedWords(verified);
  if (!inRow) return <StatusIndicator type="success">{`${mark}: ${count} read back`}</StatusIndicator>;
  return (
    <div title={`${mark}: ${count} read back and found as they were at the source`}>
      <StatusIndicator type="success">{mark}</StatusIndicator>
      <Box variant="small" color="text-body-secondary" display="block">
        {count}
      </Box>
    </div>
  );
}
