'use client';
import Button from '@cloudscape-design/components/button';
import { PageProblem } from '../_ui/page-problem.tsx';

export default function NotFound() {
  return (
    <PageProblem title="There is nothing here" action={<Button href="/overview">Go to Overview</Button>}>
      The page or the thing it shows does not exist in this workspace; it may have been deleted.
    </PageProblem>
  );
}
