'use client';
// The state of a cutover; where it asks something, who it waits for.
import { useMay } from '../../_shell/member.tsx';
import { Status } from '../../_ui/status.tsx';
import type { ListedCutover } from './types.ts';

export function CutoverStatus({ cutover }: { cutover: Pick<ListedCutover, 'state' | 'question'> }) {
  const mine = useMay('cutover.decide');
  const state = cutover.question ? (mine ? 'asks-you' : 'asks') : cutover.state;
  return <Status of="cutover" state={state} />;
}
