import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { EditableCard, EditForm } from './editable-card.tsx';

const nothing = () => undefined;

it('offers its button, by its full name, to those only who may edit', () => {
  const card = (mayEdit: boolean) =>
    renderToStaticMarkup(
      <EditableCard title="Limits" description="How many." editLabel="Edit limits" mayEdit={mayEdit}>
        {({ editing }) => (editing ? 'the form' : 'the values')}
      </EditableCard>,
    );
  expect(card(true)).toContain('aria-label="Edit limits"');
  expect(card(false)).not.toContain('Edit limits');
  for (const html of [card(true), card(false)]) {
    expect(html).toContain('the values');
    expect(html).not.toContain('the form');
  }
});

it('is a form with a name, which saves only what was changed, and says why it could not', () => {
  const form = (changed: boolean, message = '') =>
    renderToStaticMarkup(
      <EditForm
        label="Limits"
        changed={changed}
        saving={false}
        fault={message !== '' && { message, remedy: 'Try again.' }}
        onSave={nothing}
        onCancel={nothing}
      >
        <p>fields</p>
      </EditForm>,
    );
  expect(form(true)).toMatch(/<form aria-label="Limits".*fields.*Cancel.*Save/s);
  expect(form(true)).not.toContain('aria-disabled="true"');
  expect(form(false).match(/aria-disabled="true"/g)).toHaveLength(1);
  expect(form(true, 'The disk is full.')).toMatch(/fields.*The disk is full\..*Try again\./s);
});
