'use client';
// The body of a page that is not one table: a title, its buttons, and what stands below.
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';

interface PageProps {
  title: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, description, actions, children }: PageProps) {
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={description}
          actions={
            actions && <div className="flex flex-wrap justify-end gap-2 max-[688px]:justify-start">{actions}</div>
          }
        >
          {title}
        </Header>
      }
    >
      <SpaceBetween size="l">{children}</SpaceBetween>
    </ContentLayout>
  );
}
