'use client';
// What a member sees here who may not change AWS targets.
import Button from '@cloudscape-design/components/button';
import { PageProblem } from '../../../_ui/page-problem.tsx';

export function MayNotManage() {
  return (
    <PageProblem
      title="Your role cannot change AWS targets"
      action={
        <Button variant="primary" href="/settings">
          View settings
        </Button>
      }
    >
      You can look at everything. Administrators can create and change AWS targets; ask one of them.
    </PageProblem>
  );
}
