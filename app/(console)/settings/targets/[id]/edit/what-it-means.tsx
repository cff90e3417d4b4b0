'use client';
// What a change of an AWS target means: shown while it is made, and asked about where disks are copied whole again.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { ConfirmDialog } from '../../../../../_ui/confirm-dialog.tsx';
import type { FaultText } from '../../../../../_ui/fault-card.tsx';
import { meaningOf } from '../../target-words.ts';
import type { ChangePreview } from '../../types.ts';

export function WhatItMeans({ preview }: { preview: ChangePreview | undefined }) {
  return (
    <Alert
      type={preview?.newChains ? 'warning' : 'info'}
      statusIconAriaLabel={preview?.newChains ? 'Warning' : 'Info'}
      header="What this change means"
    >
      {preview ? (
        <Meaning preview={preview} />
      ) : (
        <StatusIndicator type="loading">Looking at what uses it</StatusIndicator>
      )}
    </Alert>
  );
}

function Meaning({ preview }: { preview: ChangePreview }) {
  return (
    <ul className="m-0 list-disc pl-5">
      {meaningOf(preview).map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

interface ConfirmChangeProps {
  name: string;
  preview: ChangePreview;
  busy: boolean;
  fault: FaultText | null;
  onConfirm: () => void;
  onCancel: () => void;
}

export function ConfirmChange({ name, preview, busy, fault, onConfirm, onCancel }: ConfirmChangeProps) {
  return (
    <ConfirmDialog
      title={`Change ${name}?`}
      verb="Save"
      back="Cancel"
      busy={busy}
      fault={fault}
      onConfirm={onConfirm}
      onCancel={onCancel}
    >
      <SpaceBetween size="s">
        <Box>Disks are copied whole again:</Box>
        <Meaning preview={preview} />
      </SpaceBetween>
    </ConfirmDialog>
  );
}
