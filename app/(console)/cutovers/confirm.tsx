'use client';
// Asks before a cutover does something to a server: says what will happen, and repeats the verb.
import type { ReactNode } from 'react';
import { ConfirmDialog, type ConfirmDialogProps } from '../../_ui/confirm-dialog.tsx';

interface ConfirmProps extends ConfirmDialogProps {
  /** What will happen, one sentence each, in order. */
  what: readonly ReactNode[];
  /** Shown above: what speaks against it. */
  warning?: ReactNode;
}

/** Render it only while it is open. */
export function Confirm({ what, warning, ...frame }: ConfirmProps) {
  return (
    <ConfirmDialog {...frame} back="Not now">
      {warning}
      <ul className="m-0 list-disc pl-5">
        {what.map((sentence, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a fixed list of sentences
          <li key={at}>{sentence}</li>
        ))}
      </ul>
    </ConfirmDialog>
  );
}
