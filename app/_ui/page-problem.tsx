'use client';
// Stands in for a page that cannot be shown.
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';

export function PageProblem({ title, children, action }: { title: string; children: ReactNode; action: ReactNode }) {
  return (
    <Box padding={{ vertical: 'xxxl' }} textAlign="center">
      <div className="mx-auto max-w-lg">
        <SpaceBetween size="m">
          <Box variant="h1">{title}</Box>
          <Box color="text-body-secondary">{children}</Box>
          {action}
        </SpaceBetween>
      </div>
    </Box>
  );
}
