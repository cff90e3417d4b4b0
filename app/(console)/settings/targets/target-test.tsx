'use client';
// The test of an AWS target: what was found last, at once; another one at the press of a button.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import Header from '@cloudscape-design/components/header';
import Skeleton from '@cloudscape-design/components/skeleton';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { TargetFinding, TargetTestResult, TriedRight } from '../../../../replication/model/target-test.ts';
import { shownFault } from '../../../_shell/faults.ts';
import { useMay } from '../../../_shell/member.tsx';
import { useMutation } from '../../../_shell/mutation.ts';
import { useTRPC } from '../../../_shell/trpc.ts';
import { AdaptiveTable } from '../../../_ui/adaptive-table.tsx';
import { CodeBlock } from '../../../_ui/code-block.tsx';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { Time } from '../../../_ui/time.tsx';
import { byUrgency, FINDINGS, OUTCOMES, summaryOf, whoDenies } from './test-words.ts';

export function TargetTest({ targetId }: { targetId: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const mayTest = useMay('target.manage');
  const [withSnapshot, setWithSnapshot] = useState(false);
  const last = useQuery(trpc.targets.lastTest.queryOptions({ targetId }));
  const test = useMutation(trpc.targets.test.mutationOptions({ meta: { inline: true } }));

  async function start() {
    try {
      const found = await test.mutateAsync({ targetId, withSnapshot });
      queryClient.setQueryData(trpc.targets.lastTest.queryKey({ targetId }), found);
    } catch {
      // The fault is shown above what was found last.
    }
  }

  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Tries each right that the console needs, by name. At AWS nothing is changed."
          actions={
            mayTest && (
              <Button loading={test.isPending} loadingText="Testing" onClick={() => void start()}>
                Test target
              </Button>
            )
          }
        >
          Test
        </Header>
      }
    >
      <SpaceBetween size="l">
        {mayTest && (
          <Checkbox
            checked={withSnapshot}
            disabled={test.isPending}
            onChange={({ detail }) => setWithSnapshot(detail.checked)}
            description="Makes and deletes a snapshot of 1 GiB, for which AWS charges a few requests."
          >
            Also try EBS direct and the KMS key
          </Checkbox>
        )}
        {test.error && !test.isPending && <FaultCard fault={shownFault(test.error)} />}
        {last.error && !last.data && (
          <FaultCard
            fault={shownFault(last.error)}
            action={<Button onClick={() => void last.refetch()}>Try again</Button>}
          />
        )}
        {last.isPending && <Skeleton height="76px" />}
        {last.data === null && (
          <Box color="text-body-secondary">
            {mayTest ? 'It has not been tested yet.' : 'It has not been tested yet. An administrator can do that.'}
          </Box>
        )}
        {last.data && <Found test={last.data} />}
      </SpaceBetween>
    </Container>
  );
}

interface LastTest {
  testedAt: Date | string;
  testedBy: string | null;
  current: boolean;
  leftBehind: number;
  result: TargetTestResult;
}

function Found({ test }: { test: LastTest }) {
  const { result, current, leftBehind } = test;
  const { type, text } = summaryOf(result);
  const denied = result.rights.filter(({ outcome }) => outcome === 'denied');
  return (
    <SpaceBetween size="l">
      <div>
        <StatusIndicator type={type}>{text}</StatusIndicator>
        <Box variant="small" display="block">
          Tested <Time at={test.testedAt} />
          {test.testedBy && ` by ${test.testedBy}`}
          {result.arn && <span className="wrap-anywhere">{`, as ${result.arn}`}</span>}
        </Box>
      </div>
      {!current && (
        <Alert type="warning" statusIconAriaLabel="Warning">
          Place or sign-in of the target have changed since. Test it again.
        </Alert>
      )}
      {leftBehind > 0 && (
        <Alert type="info" statusIconAriaLabel="Info">
          What tests made is still at AWS ({leftBehind}). It is deleted by itself as soon as that is allowed.
        </Alert>
      )}
      {denied.map((right) => (
        <DeniedRight key={`${right.action} ${right.on}`} right={right} />
      ))}
      <Findings findings={result.findings} />
      <ExpandableSection headerText="All rights" headerCounter={`(${result.rights.length})`}>
        <RightsTable rights={byUrgency(result.rights)} />
      </ExpandableSection>
      {result.connectors.length > 0 && <Connectors connectors={result.connectors} />}
    </SpaceBetween>
  );
}

function DeniedRight({ right }: { right: TriedRight }) {
  const { action, purpose, denial } = right;
  return (
    <Alert type="error" statusIconAriaLabel="Error" header={`${action} is denied`}>
      <SpaceBetween size="s">
        <div>
          Landfall needs it to {purpose}. {denial && whoDenies(denial)}
          {denial?.policyArn && <span className="wrap-anywhere">{` It is ${denial.policyArn}.`}</span>}
        </div>
        {denial && <div>{denial.remedy}</div>}
        {denial?.statement && (
          <ExpandableSection headerText="Statement to add">
            <CodeBlock text={denial.statement} label={`statement for ${action}`} />
          </ExpandableSection>
        )}
        {denial && (
          <ExpandableSection headerText="What AWS said">
            <div className="font-mono text-xs wrap-anywhere">{denial.words}</div>
          </ExpandableSection>
        )}
      </SpaceBetween>
    </Alert>
  );
}

function Findings({ findings }: { findings: readonly TargetFinding[] }) {
  return (
    <ul aria-label="Bucket and role" className="m-0 flex list-none flex-col gap-3 p-0">
      {findings.map(({ id, label, outcome, detail }) => (
        <li key={id} className="grid grid-cols-1 gap-x-5 sm:grid-cols-[13rem_minmax(0,1fr)]">
          <div>
            <Box variant="strong">{label}</Box>
            <div>
              <StatusIndicator type={FINDINGS[outcome].type}>{FINDINGS[outcome].label}</StatusIndicator>
            </div>
          </div>
          <div className="min-w-0 wrap-anywhere">{detail}</div>
        </li>
      ))}
    </ul>
  );
}

function RightsTable({ rights }: { rights: readonly TriedRight[] }) {
  return (
    <AdaptiveTable<TriedRight>
      variant="embedded"
      wrapLines
      trackBy={({ action, on }) => `${action} ${on}`}
      items={rights}
      ariaLabels={{ tableLabel: 'Rights of the console' }}
      columnDefinitions={[
        { id: 'action', header: 'Right', cell: ({ action }) => action, isRowHeader: true, minWidth: 210 },
        {
          id: 'outcome',
          header: 'Outcome',
          minWidth: 130,
          cell: ({ outcome }) => (
            <StatusIndicator type={OUTCOMES[outcome].type}>{OUTCOMES[outcome].label}</StatusIndicator>
          ),
        },
        { id: 'purpose', header: 'To', cell: ({ purpose }) => purpose, minWidth: 200 },
        { id: 'need', header: 'Needed for', cell: ({ need }) => need, minWidth: 130 },
        { id: 'detail', header: 'How it was tried', cell: ({ detail }) => detail, minWidth: 260 },
      ]}
    />
  );
}

function Connectors({ connectors }: { connectors: TargetTestResult['connectors'] }) {
  return (
    <ExpandableSection headerText="Connectors with keys of their own" headerCounter={`(${connectors.length})`}>
      <SpaceBetween size="m">
        <Box color="text-body-secondary">
          Only a connector can try its key. This is what each said of the bucket that it was set up with.
        </Box>
        {connectors.map(({ name, at, checks }) => (
          <div key={name}>
            <Box variant="strong">{name}</Box>
            {at && (
              <Box variant="small" display="inline">
                {' '}
                <Time at={at} />
              </Box>
            )}
            {checks.length === 0 && <div>It has said nothing of AWS yet.</div>}
            {checks.map(({ label, ok, detail }) => (
              <div key={label} className="wrap-anywhere">
                <StatusIndicator type={ok ? 'success' : 'error'}>{label}</StatusIndicator> {detail}
              </div>
            ))}
          </div>
        ))}
      </SpaceBetween>
    </ExpandableSection>
  );
}
