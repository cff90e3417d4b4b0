'use client';
// Asks before something is removed: says what will go and what will stay, and asks for a word where it cannot be undone.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import type { ReactNode } from 'react';
import { ConfirmDialog, type ConfirmDialogProps } from './confirm-dialog.tsx';

interface ConfirmDeleteProps extends ConfirmDialogProps {
  /** The other button, where `Cancel` could be taken for the verb: `Keep running`. */
  back?: string;
  removed: readonly ReactNode[];
  kept: readonly ReactNode[];
}

/** Render it only while it is open: `{asking && <ConfirmDelete … />}`. */
export function ConfirmDelete({ back = 'Cancel', removed, kept, ...frame }: ConfirmDeleteProps) {
  return (
    <ConfirmDialog {...frame} back={back}>
      {removed.length > 0 && <Items title="Will be removed" items={removed} />}
      {kept.length > 0 && <Items title="Will be kept" items={kept} />}
      {frame.typed !== undefined && <Alert type="warning">This cannot be undone.</Alert>}
    </ConfirmDialog>
  );
}

function Items({ title, items }: { title: string; items: readonly ReactNode[] }) {
  return (
    <div>
      <Box variant="strong">{title}</Box>
      <ul className="m-0 mt-1 list-disc pl-5">
        {items.map((item, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a fixed list of sentences
          <li key={at}>{item}</li>
        ))}
      </ul>
    </div>
  );
}
