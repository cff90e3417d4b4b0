'use client';
// All AMIs that replication runs made and that are still there.
import Button from '@cloudscape-design/components/button';
import { Can, useMay } from '../../_shell/member.tsx';
import { usePageShell } from '../../_shell/page-shell.tsx';
import { useListTable } from '../../_shell/use-list-table.ts';
import { EmptyTeaching } from '../../_ui/empty-teaching.tsx';
import { ResourceTable } from '../../_ui/resource-table.tsx';
import type { ResourceColumn } from '../../_ui/table-columns.ts';
import { COLUMNS } from './columns.tsx';
import { ImagePanel } from './image-panel.tsx';
import { PinButton } from './pinned-mark.tsx';
import type { ListedImage } from './types.ts';

const launchOf = (image: ListedImage) => `/runs/${image.runId}/launch`;

const LAUNCH: ResourceColumn<ListedImage> = {
  id: 'launch',
  header: 'Action',
  cell: (image) => (
    <Button variant="inline-link" href={launchOf(image)} ariaLabel={`Launch instance from ${image.id}`}>
      Launch instance
    </Button>
  ),
  width: 110,
};

// Beside the server's name: at the end of so wide a table nobody would see it.
const WITH_LAUNCH = [...COLUMNS.slice(0, 2), LAUNCH, ...COLUMNS.slice(2)];

export function ImagesScreen() {
  const mayLaunch = useMay('instance.launch-test');
  const images = useListTable('images');
  const selected = images.data?.items.find((image) => image.id === images.state.selectedIds[0]);
  usePageShell({ splitPanel: selected && <ImagePanel image={selected} /> });
  return (
    <ResourceTable
      noun={{ one: 'AMI', many: 'AMIs' }}
      title="AMIs"
      description="What replication runs made. An AMI stays when its replication job is deleted."
      columns={mayLaunch ? WITH_LAUNCH : COLUMNS}
      {...images}
      rowId={(image) => image.id}
      rowName={(image) => `${image.id} of ${image.name}`}
      selection="single"
      actions={
        <>
          <Can permission="image.pin">
            <PinButton image={selected} />
          </Can>
          <Can permission="instance.launch-test">
            <Button
              variant="primary"
              disabled={!selected}
              disabledReason="Select an AMI first"
              {...(selected ? { href: launchOf(selected) } : {})}
            >
              Launch instance
            </Button>
          </Can>
        </>
      }
      empty={
        <EmptyTeaching
          title="No AMIs"
          action={
            <Can permission="job.create">
              <Button href="/jobs/create">Create replication job</Button>
            </Can>
          }
        >
          Every replication run that completes makes an AMI of its server at one point in time. Instances are launched
          from it.
        </EmptyTeaching>
      }
    />
  );
}
