'use client';
// From a link into the console: what the link's page asks the server, and signing in with what was typed there.
import { createTRPCClient, httpLink } from '@trpc/client';
import superjson from 'superjson';
import type { AppRouter } from '../../server/api/root.ts';
import { openWorkspace } from '../_shell/open-workspace.ts';
import { inConsole } from '../sub-path.ts';
import { sendCredentials } from './sign-in/send-credentials.ts';

/** The console's API without its shell. */
export const api = createTRPCClient<AppRouter>({
  links: [httpLink({ url: inConsole('/api/trpc'), transformer: superjson })],
});

/** Signs in and loads the console; the sign-in page where that does not work, which then says why. */
export async function enter(email: string, password: string, workspaceId?: string): Promise<void> {
  const result = await sendCredentials(email, password);
  if (!result.ok) {
    window.location.assign(inConsole('/sign-in'));
    return;
  }
  await openWorkspace(workspaceId);
}
