'use client';
// Step 2: the instance type. The recommended one stands first and says why.
import Alert from '@cloudscape-design/components/alert';
import Badge from '@cloudscape-design/components/badge';
import Header from '@cloudscape-design/components/header';
import Pagination from '@cloudscape-design/components/pagination';
import SpaceBetween from '@cloudscape-design/components/space-between';
import TextFilter from '@cloudscape-design/components/text-filter';
import { useState } from 'react';
import { AdaptiveTable } from '../../../../_ui/adaptive-table.tsx';
import { EmptyTeaching } from '../../../../_ui/empty-teaching.tsx';
import { formatCount, formatMemory, formatNumberOf } from '../../../../_ui/quantity.ts';
import type { StepProps } from './step-props.ts';
import type { LaunchChoices } from './types.ts';

type InstanceType = LaunchChoices['types']['fitting'][number];

const PAGE_SIZE = 10;
const BOOT_MODES: Record<string, string> = { 'legacy-bios': 'BIOS', uefi: 'UEFI' };

export function TypeStep({ draft, choices, problems, onChange }: StepProps) {
  const { recommended, reason, fitting } = choices.types;
  const [text, setText] = useState('');
  const [page, setPage] = useState(1);
  const wanted = text.trim().toLowerCase();
  const found = fitting.filter((type) => type.name.includes(wanted));
  const pages = Math.max(1, Math.ceil(found.length / PAGE_SIZE));
  const at = Math.min(page, pages);
  const filter = (next: string) => {
    setText(next);
    setPage(1);
  };
  return (
    <SpaceBetween size="l">
      {recommended ? (
        <Alert type="info" statusIconAriaLabel="Info" header={`Recommended: ${recommended.name}`}>
          {reason}
        </Alert>
      ) : (
        <Alert type="error" statusIconAriaLabel="Error" header="No instance type fits">
          {reason}
        </Alert>
      )}
      {problems.instanceType && recommended && (
        <Alert type="error" statusIconAriaLabel="Error">
          {problems.instanceType}
        </Alert>
      )}
      <AdaptiveTable<InstanceType>
        variant="container"
        enableKeyboardNavigation
        selectionType="single"
        trackBy="name"
        items={found.slice((at - 1) * PAGE_SIZE, at * PAGE_SIZE)}
        selectedItems={fitting.filter(({ name }) => name === draft.instanceType)}
        onSelectionChange={({ detail }) => onChange({ instanceType: detail.selectedItems[0]?.name ?? '' })}
        onItemClick={({ name }) => onChange({ instanceType: name })}
        columnDefinitions={[
          {
            id: 'name',
            header: 'Instance type',
            isRowHeader: true,
            minWidth: 180,
            cell: (type) => (
              <span className="inline-flex flex-wrap items-center gap-2">
                {type.name}
                {type.name === recommended?.name && <Badge color="green">Recommended</Badge>}
              </span>
            ),
          },
          { id: 'vcpus', header: 'vCPU', cell: (type) => formatCount(type.vcpus) },
          { id: 'memory', header: 'Memory', cell: (type) => formatMemory(type.memoryMiB) },
          {
            id: 'boot',
            header: 'Boots',
            cell: (type) => type.bootModes.map((mode) => BOOT_MODES[mode] ?? mode).join(', ') || 'Any',
          },
          { id: 'network', header: 'ENA driver', cell: (type) => (type.ena === 'required' ? 'Needed' : 'Not needed') },
        ]}
        ariaLabels={{
          tableLabel: 'Instance types',
          selectionGroupLabel: 'Instance type',
          itemSelectionLabel: (_, type) => type.name,
        }}
        header={
          <Header
            variant="h2"
            counter={`(${formatCount(fitting.length)})`}
            description={`Best fit first. Chosen: ${draft.instanceType || 'none'}.`}
          >
            Instance types that fit
          </Header>
        }
        filter={
          <TextFilter
            filteringText={text}
            filteringPlaceholder="Find instance types"
            filteringAriaLabel="Find instance types"
            countText={wanted ? formatNumberOf(found.length, 'match', 'matches') : ''}
            onChange={({ detail }) => filter(detail.filteringText)}
          />
        }
        pagination={
          <Pagination
            currentPageIndex={at}
            pagesCount={pages}
            onChange={({ detail }) => setPage(detail.currentPageIndex)}
          />
        }
        empty={
          fitting.length === 0 ? (
            <EmptyTeaching title="No instance type fits">{reason}</EmptyTeaching>
          ) : (
            <EmptyTeaching title="No matches">No instance type that fits has “{text}” in its name.</EmptyTeaching>
          )
        }
      />
    </SpaceBetween>
  );
}
