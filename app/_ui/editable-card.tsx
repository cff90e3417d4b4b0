'use client';
// A card that becomes a form for those who may change what it shows: the card with its button, and the frame of the form.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Form from '@cloudscape-design/components/form';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useRef, useState } from 'react';
import { FaultCard, type FaultText } from './fault-card.tsx';
import { focusFirstProblem } from './first-problem.ts';

interface EditableCardProps {
  title: string;
  /** Beside the title, such as a badge. */
  info?: ReactNode;
  description: string;
  /** The button's label for screen readers: `Edit limits`. */
  editLabel: string;
  /** Whether the button is there: the person may, and there is something to edit. */
  mayEdit: boolean;
  /** The card's content; `editing` ends by calling `done`. */
  children: (edit: { editing: boolean; done: () => void }) => ReactNode;
}

export function EditableCard({ title, info, description, editLabel, mayEdit, children }: EditableCardProps) {
  const [editing, setEditing] = useState(false);
  return (
    <Container
      header={
        <Header
          variant="h2"
          info={info}
          description={description}
          actions={
            !editing &&
            mayEdit && (
              <Button ariaLabel={editLabel} onClick={() => setEditing(true)}>
                Edit
              </Button>
            )
          }
        >
          {title}
        </Header>
      }
    >
      {children({ editing, done: () => setEditing(false) })}
    </Container>
  );
}

export interface EditFormProps {
  /** The form's accessible name. */
  label: string;
  /** Whether there is anything to save. */
  changed: boolean;
  saving: boolean;
  /** Why it could not be saved, unless it stands at a field. */
  fault: FaultText | null | undefined | false;
  /** Resolves when it is saved, or when the fields and `fault` say why not: then the first wrong field gets the focus. */
  onSave: () => void | Promise<void>;
  onCancel: () => void;
  /** The fields. */
  children: ReactNode;
}

export function EditForm({ label, changed, saving, fault, onSave, onCancel, children }: EditFormProps) {
  const form = useRef<HTMLFormElement>(null);
  async function submit() {
    await onSave();
    focusFirstProblem(form.current);
  }
  return (
    <form
      ref={form}
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Form
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button formAction="none" variant="link" onClick={onCancel}>
              Cancel
            </Button>
            <Button variant="primary" loading={saving} disabled={!changed} disabledReason="Nothing was changed.">
              Save
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          {children}
          {fault && <FaultCard fault={fault} />}
        </SpaceBetween>
      </Form>
    </form>
  );
}

/** `what` (`these limits`) is no longer what stood there when the form was opened. */
export function ChangedMeanwhile({ what }: { what: string }) {
  return (
    <Alert type="warning" statusIconAriaLabel="Warning">
      Somebody else has changed {what} in the meantime. Saving overwrites that.
    </Alert>
  );
}
