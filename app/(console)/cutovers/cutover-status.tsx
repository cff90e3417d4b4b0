'use client';
// How lists and jobs show a cutover: its state (where it asks something, who it waits for), and the way to plan one.
import { useMay } from '../../_shell/member.tsx';
import { Status } from '../../_ui/status.tsx';
import type { ListedCutover } from './types.ts';

export function CutoverStatus({ cutover }: { cutover: Pick<ListedCutover, 'state' | 'question'> }) {
  const mine = useMay('cutover.decide');
  const state = cutover.question ? (mine ? 'asks-you' : 'asks') : cutover.state;
  return <Status of="cutover" state={state} />;
}

/** Where a cutover of a job is planned. */
export const planHref = (jobId = ''): string => `/cutovers/create?job=${encodeURIComponent(jobId)}`;
