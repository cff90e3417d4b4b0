'use client';
// Asks before somebody leaves a page on which choices would be lost. Wizards keep their choices when the page is loaded
// again; a form does not, so there the browser asks too.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useRouter } from 'next/navigation';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { fromBrowser } from '../sub-path.ts';

interface LeaveGuardOptions {
  /** Whether anything would be lost now. */
  active: boolean;
  /** `Leave this page?` */
  title: string;
  /** What would be lost. */
  children: ReactNode;
  /** Called when the person leaves anyway: discard what was kept. */
  onLeave: () => void;
}

/** `leave(href)` asks when there is something to lose; every link of the page asks too. Render `dialog` somewhere. */
export function useLeaveGuard({ active, title, children, onLeave }: LeaveGuardOptions): {
  leave: (href: string) => void;
  dialog: ReactNode;
} {
  const router = useRouter();
  const [asking, setAsking] = useState<string | null>(null);
  const go = useCallback(
    (href: string) => {
      onLeave();
      router.push(href);
    },
    [onLeave, router],
  );

  useEffect(() => {
    if (!active) return;
    // In the capture phase: before the shell or Cloudscape turns it into a navigation.
    const onClick = (event: MouseEvent) => {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const link = (event.target as Element | null)?.closest?.('a');
      const address = link?.getAttribute('href');
      const href = address && fromBrowser(address);
      if (!link || !href?.startsWith('/') || href.startsWith('/api/')) return;
      if ((link.target && link.target !== '_self') || link.hasAttribute('download')) return;
      event.preventDefault();
      event.stopPropagation();
      setAsking(href);
    };
    document.addEventListener('click', onClick, true);
    return () => document.removeEventListener('click', onClick, true);
  }, [active]);

  return {
    leave: (href) => (active ? setAsking(href) : go(href)),
    dialog: asking !== null && (
      <Modal
        visible
        header={title}
        closeAriaLabel="Close"
        onDismiss={() => setAsking(null)}
        footer={
          <Box float="right">
            <SpaceBetween direction="horizontal" size="xs">
              <Button variant="link" onClick={() => setAsking(null)}>
                Stay
              </Button>
              <Button variant="primary" onClick={() => go(asking)}>
                Leave
              </Button>
            </SpaceBetween>
          </Box>
        }
      >
        {children}
      </Modal>
    ),
  };
}

const nothing = () => {};

/** For forms: asks before a link, a reload or another address discards unsaved changes. */
export function useUnsavedGuard(unsaved: boolean): ReturnType<typeof useLeaveGuard> {
  useEffect(() => {
    if (!unsaved) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [unsaved]);
  return useLeaveGuard({
    active: unsaved,
    title: 'Leave without saving?',
    children: 'Nothing has been changed yet. If you leave, what you chose here is lost.',
    onLeave: nothing,
  });
}
