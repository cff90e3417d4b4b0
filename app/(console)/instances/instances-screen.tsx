'use client';
// All instances that were launched from our AMIs, those that ended and those that EC2 refused included.
import Button from '@cloudscape-design/components/button';
import { useState } from 'react';
import type { Role } from '../../../server/access/permissions.ts';
import { Can, useMember } from '../../_shell/member.tsx';
import { usePageShell } from '../../_shell/page-shell.tsx';
import { useListTable } from '../../_shell/use-list-table.ts';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { ResourceTable } from '../../_ui/resource-table.tsx';
import { COLUMNS } from './columns.tsx';
import { EndTests } from './end-tests.tsx';
import { mayTerminate } from './instance-words.ts';
import { TerminateInstance } from './terminate-instance.tsx';

export function InstancesScreen() {
  const { role } = useMember();
  const instances = useListTable('instances');
  const chosen = instances.data?.items.filter((instance) => instances.state.selectedIds.includes(instance.id)) ?? [];
  const selected = chosen.length === 1 ? chosen[0] : undefined;
  const tests = chosen.filter((one) => one.purpose === 'test' && mayTerminate(role as Role, one));
  const [asking, setAsking] = useState<'terminate' | 'end-tests' | null>(null);
  usePageShell({});
  return (
    <>
      <ResourceTable
        noun={{ one: 'instance', many: 'instances' }}
        title="Instances"
        description="What was launched from AMIs of this console."
        columns={COLUMNS}
        {...instances}
        rowId={(instance) => instance.id}
        rowName={(instance) => `${instance.name} ${instance.instanceId ?? instance.id}`}
        selection="multi"
        actions={
          <>
            <Button disabled={!selected} {...(selected ? { href: `/instances/${selected.id}` } : {})}>
              View details
            </Button>
            <Can permission="instance.end-test">
              <Button
                disabled={!selected || !mayTerminate(role as Role, selected)}
                onClick={() => setAsking('terminate')}
              >
                Terminate
              </Button>
              <Button
                disabled={tests.length === 0 || tests.length < chosen.length}
                disabledReason="Choose tests that are running: instances launched for good are terminated one by one."
                onClick={() => setAsking('end-tests')}
              >
                End tests
              </Button>
            </Can>
          </>
        }
        empty={
          <EmptyTeaching title="No instances" action={<Button href="/images">View AMIs</Button>}>
            Launch an instance of an AMI to see that the server starts in AWS; its state and console output are shown
            here.
          </EmptyTeaching>
        }
      />
      {asking === 'terminate' && selected && <TerminateInstance instance={selected} onDone={() => setAsking(null)} />}
      {asking === 'end-tests' && tests.length > 0 && <EndTests tests={tests} onDone={() => setAsking(null)} />}
    </>
  );
}
