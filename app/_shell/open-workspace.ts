'use client';
// Which of a person's workspaces is open: the session remembers it.
import { inConsole } from '../sub-path.ts';

/** Opens a workspace and loads the console anew, so that nothing of another one stays in memory. Without one: whichever is open. */
export async function openWorkspace(workspaceId?: string): Promise<void> {
  if (workspaceId) {
    const { csrfToken } = (await (await fetch(inConsole('/api/auth/csrf'), { cache: 'no-store' })).json()) as {
      csrfToken: string;
    };
    await fetch(inConsole('/api/auth/session'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ csrfToken, data: { workspaceId } }),
    });
  }
  window.location.assign(inConsole('/overview'));
}
