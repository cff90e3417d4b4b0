'use client';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { PageProblem } from '../_ui/page-problem.tsx';

export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <PageProblem
      title="This page failed"
      action={
        <SpaceBetween direction="horizontal" size="xs" alignItems="center">
          <Button variant="primary" onClick={reset}>
            Try again
          </Button>
          <Button href="/overview">Go to Overview</Button>
        </SpaceBetween>
      }
    >
      Nothing was changed, and everything under way continues.
      {error.digest && <> Reference {error.digest}: the log of web tells more.</>}
    </PageProblem>
  );
}
