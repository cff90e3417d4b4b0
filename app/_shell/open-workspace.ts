'use client';
// Which of a person's workspaces is open: the session remembers it, for all tabs of the browser.
import { inConsole } from '../sub-path.ts';

const CHANNEL = 'landfall-workspace';
const ELSEWHERE = 'landfall:elsewhere';

/** Opens a workspace and loads the console anew, so that nothing of another one stays in memory. Without one: whichever is open. */
export async function openWorkspace(workspaceId?: string, page = '/overview'): Promise<void> {
  if (workspaceId) await chooseWorkspace(workspaceId);
  window.location.assign(inConsole(page));
}

/** From now on the session has this workspace open; pages of another one hear of it. */
export async function chooseWorkspace(workspaceId: string): Promise<void> {
  const { csrfToken } = (await (await fetch(inConsole('/api/auth/csrf'), { cache: 'no-store' })).json()) as {
    csrfToken: string;
  };
  await fetch(inConsole('/api/auth/session'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ csrfToken, data: { workspaceId } }),
  });
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(workspaceId);
  channel.close();
}

/** An answer told that the session has another workspace open. */
export function tellElsewhere(): void {
  window.dispatchEvent(new Event(ELSEWHERE));
}

/** Calls `check` whenever another workspace may have been opened. Answers how to stop that. */
export function onWorkspaceOpened(check: () => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.addEventListener('message', check);
  window.addEventListener(ELSEWHERE, check);
  return () => {
    channel.close();
    window.removeEventListener(ELSEWHERE, check);
  };
}
