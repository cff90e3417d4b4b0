'use client';
// Asks before something goes: says what will and what will not be removed, and asks for a word where it cannot be undone.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';
import { FaultCard, type FaultText } from './fault-card.tsx';

interface ConfirmDeleteProps {
  /** `Delete replication job web-01?` */
  title: string;
  /** The button: `Delete`, `Disassociate`, `Terminate`. */
  verb: string;
  /** The other button, where `Cancel` could be taken for the verb: `Keep running`. */
  back?: string;
  removed: readonly ReactNode[];
  kept: readonly ReactNode[];
  /** The word to type, where it cannot be undone. */
  typed?: string;
  busy: boolean;
  /** What the last try answered. */
  fault?: FaultText | null;
  onConfirm: () => void;
  onCancel: () => void;
}

/** Render it only while it is open: `{asking && <ConfirmDelete … />}`. */
export function ConfirmDelete(props: ConfirmDeleteProps) {
  const { title, verb, back = 'Cancel', removed, kept, typed, busy, fault, onConfirm, onCancel } = props;
  const [word, setWord] = useState('');
  const ready = !busy && (typed === undefined || word.trim() === typed);
  return (
    <Modal
      visible
      header={title}
      closeAriaLabel="Close"
      onDismiss={() => !busy && onCancel()}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" disabled={busy} onClick={onCancel}>
              {back}
            </Button>
            <Button variant="primary" disabled={!ready && !busy} loading={busy} onClick={onConfirm}>
              {verb}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) onConfirm();
        }}
      >
        <SpaceBetween size="m">
          {fault && <FaultCard fault={fault} />}
          {removed.length > 0 && <Items title="Will be removed" items={removed} />}
          {kept.length > 0 && <Items title="Will be kept" items={kept} />}
          {typed !== undefined && <Alert type="warning">This cannot be undone.</Alert>}
          {typed !== undefined && (
            <FormField label={`To confirm, type “${typed}”`}>
              <Input
                value={word}
                autoComplete={false}
                spellcheck={false}
                disabled={busy}
                onChange={({ detail }) => setWord(detail.value)}
              />
            </FormField>
          )}
        </SpaceBetween>
      </form>
    </Modal>
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
