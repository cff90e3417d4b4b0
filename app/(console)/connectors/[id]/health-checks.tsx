'use client';
// Every health check of a connector by name, with its last result; what failed comes first.
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import { AdaptiveTable } from '../../../_ui/adaptive-table.tsx';
import { formatNumberOf } from '../../../_ui/quantity.ts';
import { Status } from '../../../_ui/status.tsx';
import { Time } from '../../../_ui/time.tsx';
import type { Connector } from '../types.ts';

type Check = Connector['checks'][number];

function checkState(check: Check): 'passed' | 'warning' | 'failed' {
  if (check.ok) return 'passed';
  return check.level === 'required' ? 'failed' : 'warning';
}

const ORDER = { failed: 0, warning: 1, passed: 2 };

export function HealthChecks({ connector }: { connector: Connector }) {
  const { checks, checkedAt } = connector;
  const ordered = [...checks].sort((a, b) => ORDER[checkState(a)] - ORDER[checkState(b)]);
  const failing = checks.filter((check) => checkState(check) !== 'passed').length;
  return (
    <AdaptiveTable
      variant="container"
      trackBy="id"
      items={ordered}
      wrapLines
      enableKeyboardNavigation
      ariaLabels={{ tableLabel: 'Health checks' }}
      header={
        <Header
          variant="h3"
          counter={checks.length > 0 ? `(${checks.length})` : ''}
          description={
            checks.length === 0
              ? undefined
              : failing === 0
                ? 'All passed.'
                : `${formatNumberOf(failing, 'check')} did not pass.`
          }
        >
          Health checks
        </Header>
      }
      columnDefinitions={[
        {
          id: 'label',
          header: 'Check',
          cell: (check) => <span className="wrap-anywhere">{check.label}</span>,
          isRowHeader: true,
          minWidth: 170,
        },
        {
          id: 'result',
          header: 'Result',
          cell: (check) => <Status of="check" state={checkState(check)} />,
          minWidth: 110,
        },
        {
          id: 'detail',
          header: 'Detail',
          cell: (check) => <span className="wrap-anywhere">{check.detail}</span>,
          minWidth: 220,
        },
        { id: 'time', header: 'Checked', cell: () => <Time at={checkedAt} />, minWidth: 130 },
      ]}
      empty={
        <Box color="text-body-secondary" textAlign="center">
          The connector has not reported its health yet; it does so within seconds of its start.
        </Box>
      }
    />
  );
}
