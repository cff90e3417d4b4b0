'use client';
// The frame of every page of the console: bar, navigation, messages, split panel.
import AppLayout from '@cloudscape-design/components/app-layout-toolbar';
import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group';
import Flashbar from '@cloudscape-design/components/flashbar';
import SideNavigation, { type SideNavigationProps } from '@cloudscape-design/components/side-navigation';
import { usePathname } from 'next/navigation';
import { type ReactNode, useEffect, useState } from 'react';
import type { Theme } from '../theme.ts';
import { Keyboard } from './keyboard.tsx';
import { useConnection } from './live.tsx';
import { usePreference } from './member.tsx';
import { contentTypeOf, PAGES, pageOf } from './navigation.ts';
import { useNotificationItems, useNotifications } from './notifications.tsx';
import { useCurrentPage } from './page-shell.tsx';
import { useSettledLayout } from './settled-layout.ts';
import { TopBar } from './top-bar.tsx';
import { useClientLinks } from './use-client-links.ts';

const PANEL_SIZE = 340;
/** The longest title fits; what is left is for the tables. */
const NAVIGATION_WIDTH = 220;

const NAVIGATION: SideNavigationProps.Item[] = PAGES.map((page) =>
  page === 'divider' ? { type: 'divider' } : { type: 'link', text: page.title, href: page.href },
);

export function Shell({ theme, children }: { theme: Theme; children: ReactNode }) {
  const pathname = usePathname();
  const { breadcrumbs, splitPanel, tools } = useCurrentPage();
  const here = pageOf(pathname);
  const crumbs = breadcrumbs ?? (here ? [{ text: here.title, href: here.href }] : []);

  const [panelOpen, setPanelOpen] = useState(false);
  const [panelSize, setPanelSize] = useState(PANEL_SIZE);
  const [panelPosition, setPanelPosition] = usePreference<'bottom' | 'side'>('panel.position', 'bottom');
  const hasPanel = Boolean(splitPanel);
  useEffect(() => setPanelOpen(hasPanel), [hasPanel]);

  const [onClick, pending] = useClientLinks();
  const settled = useSettledLayout();

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the links inside are what is clicked
    <div onClick={onClick} role="presentation" className={settled ? undefined : 'settling'}>
      {pending && <div id="page-pending" />}
      <TopBar theme={theme} />
      <Keyboard />
      <ConnectionWatch />
      <AppLayout
        headerSelector="#top-bar"
        contentType={contentTypeOf(pathname)}
        navigationWidth={NAVIGATION_WIDTH}
        navigation={<SideNavigation activeHref={here?.href ?? pathname} items={NAVIGATION} />}
        breadcrumbs={
          <BreadcrumbGroup items={[{ text: 'Landfall', href: '/overview' }, ...crumbs]} ariaLabel="Breadcrumbs" />
        }
        notifications={<Messages />}
        stickyNotifications
        content={children}
        toolsHide={!tools}
        tools={tools}
        splitPanel={splitPanel}
        splitPanelOpen={hasPanel && panelOpen}
        onSplitPanelToggle={({ detail }) => setPanelOpen(detail.open)}
        splitPanelSize={panelSize}
        onSplitPanelResize={({ detail }) => setPanelSize(detail.size)}
        splitPanelPreferences={{ position: panelPosition }}
        onSplitPanelPreferencesChange={({ detail }) => setPanelPosition(detail.position)}
        ariaLabels={{
          navigation: 'Pages',
          navigationClose: 'Close navigation',
          navigationToggle: 'Open navigation',
          notifications: 'Messages',
          tools: 'Help',
          toolsClose: 'Close help',
          toolsToggle: 'Open help',
        }}
      />
    </div>
  );
}

function Messages() {
  return <Flashbar items={useNotificationItems()} stackItems />;
}

/** Says when the page no longer updates, and withdraws that when it does again. */
function ConnectionWatch() {
  const connection = useConnection();
  const { notify, dismiss } = useNotifications();
  useEffect(() => {
    if (connection === 'connected') {
      dismiss('connection');
      return;
    }
    notify({
      id: 'connection',
      type: 'in-progress',
      lasting: true,
      header: 'Connection to the console lost',
      content: 'What you see may be out of date. It updates by itself as soon as the console answers.',
    });
  }, [connection, notify, dismiss]);
  return null;
}
