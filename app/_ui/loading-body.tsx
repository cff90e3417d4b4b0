'use client';
// Holds the place of a page's body while its data comes.
import Container from '@cloudscape-design/components/container';
import Skeleton from '@cloudscape-design/components/skeleton';
import SpaceBetween from '@cloudscape-design/components/space-between';

export function LoadingBody({ label }: { label: string }) {
  return (
    <div role="status" aria-label={label}>
      <SpaceBetween size="l">
        <Container>
          <Skeleton height="6rem" />
        </Container>
        <Container>
          <Skeleton height="14rem" />
        </Container>
      </SpaceBetween>
    </div>
  );
}
