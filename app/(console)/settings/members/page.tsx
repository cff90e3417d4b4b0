import type { Metadata } from 'next';
import { ListPage, type ListPageProps } from '../../../_shell/list-page.tsx';
import { MembersScreen } from './members-screen.tsx';

export const metadata: Metadata = { title: 'Members' };

export default function MembersPage({ searchParams }: ListPageProps) {
  return (
    <ListPage table="members" searchParams={searchParams} also={(trpc) => [trpc.members.invitations.queryOptions()]}>
      <MembersScreen />
    </ListPage>
  );
}
