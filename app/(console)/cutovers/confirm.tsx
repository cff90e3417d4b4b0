'use client';
// Asks before a cutover does something to a server: says what will happen, and repeats the verb.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';
import { FaultCard, type FaultText } from '../../_ui/fault-card.tsx';

interface ConfirmProps {
  title: string;
  /** The button. */
  verb: string;
  /** What will happen, one sentence each, in order. */
  what: readonly ReactNode[];
  /** Stands above: what speaks against it. */
  warning?: ReactNode;
  /** The word to type, where there is no way back. */
  typed?: string;
  busy: boolean;
  fault?: FaultText | null;
  onConfirm: () => void;
  onCancel: () => void;
}

/** Render it only while it is open. */
export function Confirm({ title, verb, what, warning, typed, busy, fault, onConfirm, onCancel }: ConfirmProps) {
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
              Not now
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
          {warning}
          <ul className="m-0 list-disc pl-5">
            {what.map((sentence, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a fixed list of sentences
              <li key={at}>{sentence}</li>
            ))}
          </ul>
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
