'use client';
// An empty state that teaches: what this is, the one button to press next, what will happen.
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';

interface EmptyTeachingProps {
  title: string;
  /** What this is, and what will happen when the button is pressed. */
  children: ReactNode;
  action?: ReactNode;
}

export function EmptyTeaching({ title, children, action }: EmptyTeachingProps) {
  return (
    <Box margin={{ vertical: 'l' }} textAlign="center" color="inherit">
      <div className="mx-auto max-w-md">
        <SpaceBetween size="m">
          <div>
            <Box variant="strong" color="inherit">
              {title}
            </Box>
            <Box color="text-body-secondary">{children}</Box>
          </div>
          {action}
        </SpaceBetween>
      </div>
    </Box>
  );
}
