// The pages of the console, in SMS's order: side navigation, breadcrumbs and layout all read this.
import type { AppLayoutProps } from '@cloudscape-design/components/app-layout';

export interface NavigationPage {
  title: string;
  href: string;
  /** Pressed after `g`, it leads there. */
  key: string;
  /** How wide and dense the page may be. */
  contentType: AppLayoutProps.ContentType;
}

export const PAGES: readonly (NavigationPage | 'divider')[] = [
  { title: 'Overview', href: '/overview', key: 'o', contentType: 'dashboard' },
  { title: 'Connectors', href: '/connectors', key: 'c', contentType: 'table' },
  { title: 'Servers', href: '/servers', key: 's', contentType: 'table' },
  { title: 'Replication jobs', href: '/jobs', key: 'j', contentType: 'table' },
  'divider',
  { title: 'Runs', href: '/runs', key: 'r', contentType: 'table' },
  { title: 'AMIs', href: '/images', key: 'a', contentType: 'table' },
  { title: 'Instances', href: '/instances', key: 'i', contentType: 'table' },
  { title: 'Cutovers', href: '/cutovers', key: 'u', contentType: 'table' },
  'divider',
  { title: 'Activity', href: '/activity', key: 'y', contentType: 'table' },
  { title: 'Settings', href: '/settings', key: 'e', contentType: 'default' },
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

/** Pages that are the same in every workspace, beside those of the navigation. */
const EVERYWHERE = ['/profile', '/settings/members'];

/** The same kind of page in another workspace: what one shows is nowhere else, but lists are. */
export function samePageElsewhere(pathname: string): string {
  return EVERYWHERE.includes(pathname) ? pathname : (pageOf(pathname)?.href ?? '/overview');
}
