'use client';
// What a member sees here who may not create jobs.
import Button from '@cloudscape-design/components/button';
import { PageProblem } from '../../../_ui/page-problem.tsx';

export function MayNotCreate() {
  return (
    <PageProblem
      title="Your role cannot create replication jobs"
      action={
        <Button variant="primary" href="/jobs">
          View replication jobs
        </Button>
      }
    >
      You can look at everything. Operators, cutover managers and administrators can create jobs; ask an administrator
      of the workspace for another role.
    </PageProblem>
  );
}
