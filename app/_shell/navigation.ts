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
];

/** Pages that stand under another one, by the shape of their path. */
const DEEPER: readonly [RegExp, AppLayoutProps.ContentType][] = [
  [/\/(create|launch|enrol)$/, 'wizard'],
  [/^\/[a-z-]+\/[^/]+$/, 'default'],
];

export function pageOf(pathname: string): NavigationPage | undefined {
  return PAGES.filter((page) => page !== 'divider').find(
    ({ href }) => pathname === href || pathname.startsWith(`${href}/`),
  );
}

export function contentTypeOf(pathname: string): AppLayoutProps.ContentType {
  const deeper = DEEPER.find(([shape]) => shape.test(pathname));
  return deeper?.[1] ?? pageOf(pathname)?.contentType ?? 'default';
}
