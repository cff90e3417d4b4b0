'use client';
// The form of an editable card, which asks before somebody leaves the page with what was typed into it.
import { EditForm, type EditFormProps } from '../_ui/editable-card.tsx';
import { useUnsavedGuard } from './leave-guard.tsx';

export function UnsavedEditForm(props: EditFormProps) {
  const guard = useUnsavedGuard(props.changed && !props.saving);
  return (
    <>
      {guard.dialog}
      <EditForm {...props} />
    </>
  );
}
