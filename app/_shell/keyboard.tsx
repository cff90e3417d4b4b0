'use client';
// Keys that lead to pages, and the dialog that lists them. While somebody types, or a dialog is open, a key is only a key.
import Box from '@cloudscape-design/components/box';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Modal from '@cloudscape-design/components/modal';
import { useEffect, useRef, useState } from 'react';
import { inConsole } from '../sub-path.ts';
import { KeySequence } from './key-sequence.ts';
import { type NavigationPage, PAGES } from './navigation.ts';

const GO = new Map<string, NavigationPage>(
  PAGES.flatMap((page) => (page === 'divider' ? [] : [[`g ${page.key}`, page] as const])),
);
/** Asks for the dialog, from anywhere. */
const HELP = 'landfall:keyboard-help';

export const showKeyboardHelp = (): void => void window.dispatchEvent(new Event(HELP));

export function Keyboard() {
  const link = useRef<HTMLAnchorElement>(null);
  const [helps, setHelps] = useState(false);
  useEffect(() => {
    const sequence = new KeySequence(['?', ...GO.keys()]);
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat || isTyping(event.target) || isDialogOpen()) return;
      const pressed = sequence.press(event);
      if (!pressed) return;
      event.preventDefault();
      const page = GO.get(pressed);
      if (!page) setHelps(true);
      else if (link.current) {
        // As a link, so that a page with unsaved changes asks first.
        link.current.href = inConsole(page.href);
        link.current.click();
      }
    };
    const onHelp = () => setHelps(true);
    document.addEventListener('keydown', onKeyDown);
    window.addEventListener(HELP, onHelp);
    return () => {
      document.removeEventListener('keydown', onKeyDown);
      window.removeEventListener(HELP, onHelp);
    };
  }, []);
  return (
    <>
      {/* biome-ignore lint/a11y/useAnchorContent: never shown; keys set its address and follow it */}
      <a ref={link} hidden href={inConsole('/overview')} />
      {helps && (
        <Modal visible header="Keyboard shortcuts" closeAriaLabel="Close" onDismiss={() => setHelps(false)}>
          <KeyValuePairs
            columns={2}
            items={[
              {
                type: 'group',
                title: 'Anywhere',
                items: [
                  shortcut('Find by name or id', 'Ctrl', 'K'),
                  shortcut('This help', '?'),
                  shortcut('Close a dialog or a list', 'Esc'),
                  shortcut('Move in a table', '←', '↑', '→', '↓'),
                ],
              },
              {
                type: 'group',
                title: 'Go to a page',
                items: [...GO.values()].map(({ title, key }) => shortcut(title, 'g', key)),
              },
            ]}
          />
        </Modal>
      )}
    </>
  );
}

function shortcut(label: string, ...keys: string[]) {
  return {
    label,
    value: (
      <>
        {keys.map((key) => (
          <Box key={key} variant="code" display="inline-block" margin={{ right: 'xxs' }}>
            {key}
          </Box>
        ))}
      </>
    ),
  };
}

/** Whether a key goes into something that takes text, or is chosen from. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target.closest('[role="menu"], [role="listbox"], [role="combobox"]')) return true;
  if (target instanceof HTMLInputElement) return !/^(checkbox|radio|button|submit|reset)$/.test(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

const isDialogOpen = (): boolean =>
  [...document.querySelectorAll('[role="dialog"], dialog[open]')].some((dialog) => dialog.checkVisibility());
