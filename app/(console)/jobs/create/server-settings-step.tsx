'use client';
// Step 2: licence and image method of each server; several are edited at once.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import Pagination from '@cloudscape-design/components/pagination';
import Select, { type SelectProps } from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { allowedLicenses, type ImageMethod, type License } from '../../../../replication/model/job.ts';
import {
  IMAGE_METHOD_LABELS,
  IMAGE_METHOD_MEANING,
  LICENSE_LABELS,
  licenseMeaning,
} from '../../../_forms/setting-labels.ts';
import { AdaptiveTable } from '../../../_ui/adaptive-table.tsx';
import { formatNumberOf, orUnknown } from '../../../_ui/quantity.ts';
import type { Candidate } from '../../servers/types.ts';
import { type Draft, imageMethodOf, isWindows, licenseOf } from './draft.ts';

interface ServerSettingsStepProps {
  servers: readonly Candidate[];
  draft: Draft;
  onChange: (change: Pick<Draft, 'licenses' | 'imageMethods'>) => void;
}

const PAGE_SIZE = 20;

const METHODS: SelectProps.Option[] = (['auto', 'register-image', 'import-image'] as const).map((value) => ({
  value,
  label: IMAGE_METHOD_LABELS[value],
  description: IMAGE_METHOD_MEANING[value],
}));

export function ServerSettingsStep({ servers, draft, onChange }: ServerSettingsStepProps) {
  const [selectedIds, setSelectedIds] = useState<readonly string[]>([]);
  const [page, setPage] = useState(1);
  const [said, setSaid] = useState<string | null>(null);
  const pages = Math.max(1, Math.ceil(servers.length / PAGE_SIZE));
  const at = Math.min(page, pages);
  const shown = servers.slice((at - 1) * PAGE_SIZE, at * PAGE_SIZE);
  const selected = servers.filter((server) => selectedIds.includes(server.id));

  function setLicense(targets: readonly Candidate[], license: License) {
    const may = targets.filter((server) => allowedLicenses(server.guestFamily).includes(license));
    const licenses = { ...draft.licenses, ...Object.fromEntries(may.map(({ id }) => [id, license])) };
    onChange({ licenses, imageMethods: draft.imageMethods });
    return may.length;
  }

  function setMethod(targets: readonly Candidate[], method: ImageMethod) {
    const may = targets.filter((server) => !isWindows(server.guestFamily));
    const imageMethods = { ...draft.imageMethods, ...Object.fromEntries(may.map(({ id }) => [id, method])) };
    onChange({ licenses: draft.licenses, imageMethods });
    return may.length;
  }

  function setForSelected(what: string, done: number, why: string) {
    const left = selected.length - done;
    const rest = left > 0 ? ` ${formatNumberOf(left, 'server')} left as before: ${why}` : '';
    setSaid(`${what} set for ${formatNumberOf(done, 'server')}.${rest}`);
  }

  return (
    <SpaceBetween size="l">
      <Alert type="info" statusIconAriaLabel="Info" header="What Auto means">
        <ul className="m-0 list-disc pl-5">
          <li>
            <Box variant="strong">Licence.</Box> Linux and Windows clients: BYOL, your own. Windows Server: AWS, the
            licence is part of the price of the instance.
          </li>
          <li>
            <Box variant="strong">Image method.</Box> Linux: Register image, the disks just as they are. Windows always
            takes VM Import, which puts the AWS drivers into the guest; a registered Windows AMI would not launch.
          </li>
        </ul>
      </Alert>
      <AdaptiveTable<Candidate>
        variant="container"
        trackBy="id"
        items={shown}
        selectionType="multi"
        selectedItems={[...selected]}
        onSelectionChange={({ detail }) => {
          const here = new Set(shown.map(({ id }) => id));
          setSelectedIds([...selectedIds.filter((id) => !here.has(id)), ...detail.selectedItems.map(({ id }) => id)]);
          setSaid(null);
        }}
        enableKeyboardNavigation
        ariaLabels={{
          tableLabel: 'Servers and their settings',
          selectionGroupLabel: 'Selection of servers',
          allItemsSelectionLabel: () => 'Select all servers of this page',
          itemSelectionLabel: (_, server) => `Select ${server.name}`,
        }}
        header={
          <Header
            variant="h2"
            counter={selected.length > 0 ? `(${selected.length}/${servers.length})` : `(${servers.length})`}
            description={<span aria-live="polite">{said ?? 'Select several to set them at once.'}</span>}
            actions={
              <div className="flex flex-wrap gap-2">
                <SetForSelected
                  label="Set licence of selected"
                  disabled={selected.length === 0}
                  options={(['auto', 'aws', 'byol'] as const).map((value) => ({ value, label: LICENSE_LABELS[value] }))}
                  onChoose={(value) =>
                    setForSelected(
                      `Licence ${LICENSE_LABELS[value as License]}`,
                      setLicense(selected, value as License),
                      'AWS is for Windows Server only.',
                    )
                  }
                />
                <SetForSelected
                  label="Set image method of selected"
                  disabled={selected.length === 0}
                  options={METHODS.map(({ value, label }) => ({ value: value ?? '', label: label ?? '' }))}
                  onChoose={(value) =>
                    setForSelected(
                      `Image method ${IMAGE_METHOD_LABELS[value as ImageMethod]}`,
                      setMethod(selected, value as ImageMethod),
                      'Windows always takes VM Import.',
                    )
                  }
                />
              </div>
            }
          >
            Servers
          </Header>
        }
        pagination={
          pages > 1 && (
            <Pagination
              currentPageIndex={at}
              pagesCount={pages}
              onChange={({ detail }) => setPage(detail.currentPageIndex)}
            />
          )
        }
        columnDefinitions={[
          { id: 'name', header: 'Server', cell: (server) => server.name, isRowHeader: true, minWidth: 140 },
          { id: 'guest', header: 'Guest system', cell: (server) => orUnknown(server.guestName), minWidth: 160 },
          {
            id: 'license',
            header: 'Licence',
            minWidth: 220,
            cell: (server) => (
              <Select
                ariaLabel={`Licence of ${server.name}`}
                expandToViewport
                selectedOption={{
                  value: licenseOf(draft, server),
                  label: LICENSE_LABELS[licenseOf(draft, server)],
                }}
                options={allowedLicenses(server.guestFamily).map((value) => ({
                  value,
                  label: LICENSE_LABELS[value],
                  description: licenseMeaning(value, server.guestFamily),
                }))}
                onChange={({ detail }) => setLicense([server], detail.selectedOption.value as License)}
              />
            ),
          },
          {
            id: 'method',
            header: 'Image method',
            minWidth: 220,
            cell: (server) =>
              isWindows(server.guestFamily) ? (
                'VM Import (always for Windows)'
              ) : (
                <Select
                  ariaLabel={`Image method of ${server.name}`}
                  expandToViewport
                  selectedOption={METHODS.find(({ value }) => value === imageMethodOf(draft, server)) ?? null}
                  triggerVariant="label"
                  options={METHODS}
                  onChange={({ detail }) => setMethod([server], detail.selectedOption.value as ImageMethod)}
                />
              ),
          },
        ]}
      />
    </SpaceBetween>
  );
}

/** A choice that is applied at once and then resets. */
function SetForSelected(props: {
  label: string;
  disabled: boolean;
  options: { value: string; label: string }[];
  onChoose: (value: string) => void;
}) {
  return (
    <div className="w-60">
      <Select
        ariaLabel={props.label}
        placeholder={props.label}
        disabled={props.disabled}
        selectedOption={null}
        options={props.options}
        onChange={({ detail }) => props.onChoose(detail.selectedOption.value ?? '')}
      />
    </div>
  );
}
