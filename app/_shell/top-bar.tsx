'use client';
// The bar at the top: product, search, workspace, what needs attention, lab badge, theme, member.
import TopNavigation, { type TopNavigationProps } from '@cloudscape-design/components/top-navigation';
import { useQueryClient } from '@tanstack/react-query';
import { usePathname, useRouter } from 'next/navigation';
import { ROLE_LABELS, type Role } from '../../server/access/permissions.ts';
import { asTheme, THEME_LABELS, THEMES, type Theme } from '../theme.ts';
import { useBell } from './bell.ts';
import { useTheme } from './chosen-theme.ts';
import { shownFault } from './faults.ts';
import { showKeyboardHelp } from './keyboard.tsx';
import { useMember } from './member.tsx';
import { useMutation, useOneAtATime } from './mutation.ts';
import { samePageElsewhere } from './navigation.ts';
import { useNotifications } from './notifications.tsx';
import { openWorkspace } from './open-workspace.ts';
import { SearchBox } from './search-box.tsx';
import { signOut } from './sign-out.ts';
import { useTRPC } from './trpc.ts';

export function TopBar({ theme: initialTheme }: { theme: Theme }) {
  const me = useMember();
  const trpc = useTRPC();
  const { notify, notifyFault } = useNotifications();
  const router = useRouter();
  const pathname = usePathname();
  const [open] = useOneAtATime(openWorkspace);
  const [theme, chooseTheme] = useTheme(initialTheme);
  const queryClient = useQueryClient();
  const endAll = useMutation(trpc.session.signOutEverywhere.mutationOptions());

  async function leave(everywhere: boolean) {
    try {
      const providerSignOut = () =>
        queryClient.fetchQuery(
          trpc.session.providerSignOut.queryOptions(undefined, { staleTime: 0, gcTime: 0, retry: false }),
        );
      await signOut(everywhere ? () => endAll.mutateAsync() : undefined, providerSignOut);
    } catch (error) {
      if (!everywhere) notifyFault(shownFault(error), 'You are still signed in');
    }
  }

  const explainLab = () =>
    notify({
      id: 'lab',
      type: 'info',
      header: 'This is a lab',
      content: 'The data center and AWS are simulated on this machine: nothing leaves it, and nothing costs money.',
    });

  const lab: TopNavigationProps.Utility = {
    type: 'button',
    iconName: 'status-info',
    text: 'Lab',
    title: 'Lab: what is this?',
    onClick: explainLab,
  };
  const switcher: TopNavigationProps.Utility = {
    type: 'menu-dropdown',
    iconName: 'folder',
    text: me.workspace.name,
    title: 'Workspaces',
    ariaLabel: `Workspace ${me.workspace.name}`,
    items: me.workspaces.map(({ id, name, role }) => ({
      id,
      itemType: 'checkbox' as const,
      checked: id === me.workspace.id,
      text: name,
      secondaryText: ROLE_LABELS[role],
    })),
    onItemClick: ({ detail }) => {
      if (detail.id !== me.workspace.id) void open(detail.id, samePageElsewhere(pathname));
    },
  };
  const bell = useBell();

  const utilities: TopNavigationProps.Utility[] = [
    ...(me.workspaces.length > 1 ? [switcher] : []),
    bell,
    ...(me.lab ? [lab] : []),
    {
      type: 'menu-dropdown',
      iconName: 'settings',
      ariaLabel: 'Theme',
      title: 'Theme',
      items: THEMES.map((id) => ({
        id,
        itemType: 'checkbox' as const,
        checked: id === theme,
        text: THEME_LABELS[id],
      })),
      onItemClick: ({ detail }) => chooseTheme(asTheme(detail.id)),
    },
    {
      type: 'menu-dropdown',
      iconName: 'user-profile',
      text: me.name,
      description: `${me.email} · ${ROLE_LABELS[me.role as Role]}`,
      items: [
        { id: 'profile', text: 'Profile', href: '/profile' },
        { id: 'keyboard', text: 'Keyboard shortcuts' },
        { id: 'sign-out', text: 'Sign out' },
        { id: 'sign-out-everywhere', text: 'Sign out everywhere' },
      ],
      onItemFollow: (event) => {
        event.preventDefault();
        router.push('/profile');
      },
      onItemClick: ({ detail }) => {
        if (detail.id === 'keyboard') showKeyboardHelp();
        else if (detail.id !== 'profile') void leave(detail.id === 'sign-out-everywhere');
      },
    },
  ];

  return (
    <div id="top-bar">
      <TopNavigation
        identity={{ href: '/overview', title: 'Landfall', logo: { src: '/icon.svg', alt: 'Logo' } }}
        search={<SearchBox />}
        utilities={utilities}
        i18nStrings={{
          searchIconAriaLabel: 'Find by name or id',
          searchDismissIconAriaLabel: 'Close the search',
          overflowMenuTriggerText: 'More',
          overflowMenuTitleText: 'All',
          overflowMenuBackIconAriaLabel: 'Back',
        }}
      />
    </div>
  );
}
