// The pages of the console, in SMS's order: side navigation, breadcrumbs and layout all read this.
import type { AppLayoutProps } from '@cloudscape-design/components/app-layout';

export interface NavigationPage {
  title: string;
  href: string;
  /** How wide and dense the page may be. */
  contentType: AppLayoutProps.ContentType;
}

export const PAGES: readonly (NavigationPage | 'divider')[] = [
  { title: 'Overview', href: '/overview', contentType: 'dashboard' },
  { title: 'Connectors', href: '/connectors', contentType: 'table' },
  { title: 'Servers', href: '/servers', contentType: 'table' },
  { title: 'Replication jobs', href: '/jobs', contentType: 'table' },
  'divider',
  { title: 'Runs', href: '/runs', contentType: 'table' },
  { title: 'AMIs', href: '/images', contentType: 'table' },
  { title: 'Instances', href: '/instances', contentType: 'table' },
  { title: 'Cutovers', href: '/cutovers', contentType: 'table' },
  'divider',
  { title: 'Activity', href: '/activity', contentType: 'table' },
  { title: 'Settings', href: '/settings', contentType: 'default' },
];

const within = (pathname: string, href: string) => pathname === href || pathname.startsWith(`${href}/`);

/** The page of the navigation that a path belongs to. */
export function pageOf(pathname: string): NavigationPage | undefined {
  return PAGES.filter((page) => page !== 'divider').find(({ href }) => within(pathname, href));
}

/** A page below one of the navigation is a wizard or shows one thing. */
export function contentTypeOf(pathname: string): AppLayoutProps.ContentType {
  if (pathname === '/cutovers/create' || pathname === '/settings/targets/create') return 'form';
  if (/\/(create|launch)$/.test(pathname)) return 'wizard';
  if (/\/(enrol|edit)$/.test(pathname)) return 'form';
  const page = pageOf(pathname);
  return page?.href === pathname ? page.contentType : 'default';
}
