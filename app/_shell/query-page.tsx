'use client';
// A page of one thing while it loads, when it cannot be read, and when it is not there any more.
import Button from '@cloudscape-design/components/button';
import Skeleton from '@cloudscape-design/components/skeleton';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { FaultCard } from '../_ui/fault-card.tsx';
import { Page } from '../_ui/page.tsx';
import { PageProblem } from '../_ui/page-problem.tsx';
import { shownFault } from './faults.ts';

interface QueryPageProps<T> {
  title: string;
  query: { data: T | undefined; error: unknown; refetch: () => unknown };
  /** The list to go to when the thing is gone. */
  list: { text: string; href: string };
  children: (data: T) => ReactNode;
}

export function QueryPage<T>({ title, query, list, children }: QueryPageProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (!query.error) {
    return (
      <Page title={title}>
        <SpaceBetween size="m">
          <Skeleton height="180px" />
          <Skeleton height="180px" />
        </SpaceBetween>
      </Page>
    );
  }
  const fault = shownFault(query.error);
  if (fault.code === 'not-found') {
    return (
      <PageProblem title="There is nothing here" action={<Button href={list.href}>Go to {list.text}</Button>}>
        {fault.message} {fault.remedy}
      </PageProblem>
    );
  }
  return (
    <Page title={title}>
      <FaultCard fault={fault} action={<Button onClick={() => query.refetch()}>Try again</Button>} />
    </Page>
  );
}
