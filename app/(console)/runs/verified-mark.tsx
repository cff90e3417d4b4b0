'use client';
// How much of what a run made was read back and found as it was at the source.
import Box from '@cloudscape-design/components/box';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { UNKNOWN } from '../../_ui/quantity.ts';
import { type Verified, verifiedWords } from './run-labels.ts';

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
