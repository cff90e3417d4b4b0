'use client';
// Over a page whose workspace is no longer the open one, since another tab has opened another: the server refuses what the page
// asks for, so nothing is written into the wrong one.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { usePathname } from 'next/navigation';
import { inConsole } from '../sub-path.ts';
import { useOneAtATime } from './mutation.ts';
import { samePageElsewhere } from './navigation.ts';
import { chooseWorkspace } from './open-workspace.ts';

interface Named {
  id: string;
  name: string;
}

export function OtherWorkspace({ here, there, onBack }: { here: Named; there: Named; onBack: () => void }) {
  const pathname = usePathname();
  const [back, busy] = useOneAtATime(async () => {
    await chooseWorkspace(here.id);
    onBack();
  });
  return (
    <Modal
      visible
      header={`${there.name} was opened in another tab`}
      closeAriaLabel={`Back to ${here.name}`}
      onDismiss={() => void back()}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button loading={busy} onClick={() => void back()}>
              Back to {here.name}
            </Button>
            <Button variant="primary" onClick={() => window.location.assign(inConsole(samePageElsewhere(pathname)))}>
              Go to {there.name}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      This page belongs to the workspace {here.name}. One workspace is open at a time, in all tabs. What you have typed
      here is kept if you go back; nothing was changed.
    </Modal>
  );
}
