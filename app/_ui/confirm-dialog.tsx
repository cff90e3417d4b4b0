'use client';
// Every confirmation before an action: the button repeats the verb, and what cannot be undone needs a word to be typed.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';
import { FaultCard, type FaultText } from './fault-card.tsx';

export interface ConfirmDialogProps {
  /** `Delete replication job web-01?` */
  title: string;
  /** The button: `Delete`, `Roll back`. */
  verb: string;
  /** The word to type, where it cannot be undone. */
  typed?: string;
  busy: boolean;
  /** What the last try answered. */
  fault?: FaultText | null;
  onConfirm: () => void;
  onCancel: () => void;
}

/** `back`: the other button. Render it only while it is open. */
export function ConfirmDialog(props: ConfirmDialogProps & { back: string; children: ReactNode }) {
  const { title, verb, back, typed, busy, fault, onConfirm, onCancel, children } = props;
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
          {children}
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
