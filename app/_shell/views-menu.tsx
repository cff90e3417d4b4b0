'use client';
// The menu of a list's saved views: chosen, saved, renamed, made the default, deleted.
import ButtonDropdown, { type ButtonDropdownProps } from '@cloudscape-design/components/button-dropdown';
import { useState } from 'react';
import { ConfirmDelete } from '../_ui/confirm-delete.tsx';
import { shownFault } from './faults.ts';
import type { ListTable } from './list-tables.ts';
import { useMutation } from './mutation.ts';
import { useNotifications } from './notifications.tsx';
import { useTRPC } from './trpc.ts';
import { ViewName } from './view-name.tsx';
import type { ListView } from './view-of-list.ts';

export interface NamedView {
  id: string;
  name: string;
  isDefault: boolean;
  view: ListView;
}

interface ViewsMenuProps {
  list: ListTable;
  views: readonly NamedView[];
  active: NamedView | null;
  /** What is on the screen. */
  now: ListView;
  /** It is no longer what the active view holds. */
  changed: boolean;
  /** Null: none. */
  onChoose: (view: NamedView | null) => void;
  /** What is on the screen is now a view of this id. */
  onSaved: (viewId: string) => void;
}

export function ViewsMenu({ list, views, active, now, changed, onChoose, onSaved }: ViewsMenuProps) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const [asking, setAsking] = useState<'save' | 'rename' | 'delete' | null>(null);
  const change = useMutation(trpc.views.change.mutationOptions());
  const remove = useMutation(
    trpc.views.delete.mutationOptions({
      meta: { inline: true },
      onSuccess: () => {
        setAsking(null);
        onChoose(null);
      },
    }),
  );

  const actions: ButtonDropdownProps.Item[] = active
    ? [
        { id: 'save', text: 'Save as a new view' },
        { id: 'update', text: `Save changes in ${active.name}`, disabled: !changed },
        { id: 'rename', text: `Rename ${active.name}` },
        {
          id: 'default',
          text: active.isDefault ? 'Open the list without a view' : `Open the list with ${active.name}`,
        },
        { id: 'delete', text: `Delete ${active.name}` },
      ]
    : [{ id: 'save', text: 'Save as a new view' }];

  function act(id: string) {
    if (id === 'save' || id === 'rename' || id === 'delete') {
      remove.reset();
      setAsking(id);
    } else if (id === 'none') onChoose(null);
    else if (id.startsWith('view-')) onChoose(views.find((view) => view.id === id) ?? null);
    else if (active && id === 'default') change.mutate({ viewId: active.id, isDefault: !active.isDefault });
    else if (active && id === 'update') {
      change.mutate(
        { viewId: active.id, view: now },
        {
          onSuccess: () => {
            onSaved(active.id);
            notify({ type: 'success', header: `Saved in ${active.name}` });
          },
        },
      );
    }
  }

  return (
    <>
      <ButtonDropdown
        ariaLabel={active ? `Views: ${active.name}` : 'Views'}
        loading={change.isPending}
        items={[
          ...(views.length > 0
            ? [
                {
                  text: 'Saved views',
                  items: [
                    ...views.map(({ id, name, isDefault }) => ({
                      id,
                      itemType: 'checkbox' as const,
                      checked: id === active?.id,
                      text: name,
                      ...(isDefault ? { secondaryText: 'The list opens with it' } : {}),
                    })),
                    { id: 'none', itemType: 'checkbox' as const, checked: !active, text: 'Without a view' },
                  ],
                },
              ]
            : []),
          { text: 'What is shown now', items: actions },
        ]}
        onItemClick={({ detail }) => act(detail.id)}
      >
        {active ? `${active.name}${changed ? ' (changed)' : ''}` : 'Views'}
      </ButtonDropdown>
      {(asking === 'save' || asking === 'rename') && (
        <ViewName
          list={list}
          view={asking === 'save' ? now : null}
          renamed={asking === 'rename' ? active : null}
          onDone={(viewId) => {
            setAsking(null);
            if (viewId) onSaved(viewId);
          }}
        />
      )}
      {asking === 'delete' && active && (
        <ConfirmDelete
          title={`Delete the view ${active.name}?`}
          verb="Delete"
          removed={['The view, for you alone']}
          kept={['Everything that the list shows']}
          busy={remove.isPending}
          fault={remove.error && shownFault(remove.error)}
          onConfirm={() => remove.mutate({ viewId: active.id })}
          onCancel={() => setAsking(null)}
        />
      )}
    </>
  );
}
