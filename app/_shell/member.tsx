'use client';
// Who is signed in, and what that person may. Screens: `useMember()`, `useMay('job.create')`, `<Can permission="job.create">`.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react';
import { may, type Permission, type Role } from '../../server/access/permissions.ts';
import type { AppRouter } from '../../server/api/root.ts';
import { inConsole } from '../sub-path.ts';
import { useMutation } from './mutation.ts';
import { onWorkspaceOpened } from './open-workspace.ts';
import { OtherWorkspace } from './other-workspace.tsx';
import { useTRPC } from './trpc.ts';

export type Me = inferRouterOutputs<AppRouter>['session']['me'];

/** Each is sent, in the order in which they were set. */
export const PREFERENCES = { id: 'preferences' };

const MemberContext = createContext<Me | null>(null);

/** `me` as the page came with it; what changes later, such as the role, arrives by an event. */
export function MemberProvider({ me, children }: { me: Me; children: ReactNode }) {
  const options = useTRPC().session.me.queryOptions(undefined, { initialData: me });
  const { data: now = me } = useQuery(options);
  const queryClient = useQueryClient();
  const { queryKey } = options;
  useEffect(() => onWorkspaceOpened(() => void queryClient.invalidateQueries({ queryKey })), [queryClient, queryKey]);
  const elsewhere = now.workspace.id !== me.workspace.id;
  const stillThere = elsewhere && now.workspaces.some(({ id }) => id === me.workspace.id);
  // Removed from the open workspace, with another one to go to: nothing of the former may stay on the screen.
  useEffect(() => {
    if (elsewhere && !stillThere) window.location.assign(inConsole('/overview'));
  }, [elsewhere, stillThere]);
  return (
    <MemberContext value={elsewhere ? me : now}>
      {children}
      {stillThere && (
        <OtherWorkspace
          here={me.workspace}
          there={now.workspace}
          onBack={() => void queryClient.invalidateQueries({ queryKey })}
        />
      )}
    </MemberContext>
  );
}

/** The member as of now; the server checks again at every call. */
export function useMember(): Me {
  const me = useContext(MemberContext);
  if (!me) throw new Error('useMember is for pages inside the console');
  return me;
}

export function useMay(permission: Permission): boolean {
  return may(useMember().role as Role, permission);
}

/** Shows its children to those who may; the server checks again. */
export function Can({ permission, children }: { permission: Permission; children: ReactNode }) {
  return useMay(permission) ? children : null;
}

/** Something that the screens remember for the member, such as `table.jobs`: the value, and a way to set it. */
export function usePreference<T>(key: string, fallback: T): [T, (value: T) => void] {
  const kept = useMember().preferences[key] as T | undefined;
  const [value, setValue] = useState<T>(kept ?? fallback);
  const trpc = useTRPC();
  const { mutate } = useMutation(
    trpc.session.setPreferences.mutationOptions({ scope: PREFERENCES, meta: { repeatable: true } }),
  );
  const set = useCallback(
    (next: T) => {
      setValue(next);
      mutate({ [key]: next } as Parameters<typeof mutate>[0]);
    },
    [key, mutate],
  );
  return [value, set];
}
