'use client';
import Box from '@cloudscape-design/components/box';
import Spinner from '@cloudscape-design/components/spinner';

export default function Loading() {
  return (
    <Box padding={{ vertical: 'xxxl' }} textAlign="center">
      <span role="status">
        <Spinner size="large" /> Loading
      </span>
    </Box>
  );
}
