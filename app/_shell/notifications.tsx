'use client';
// Messages at the top of the page. Screens: `const { notify } = useNotifications()`.
import Button from '@cloudscape-design/components/button';
import type { FlashbarProps } from '@cloudscape-design/components/flashbar';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import { CauseDetails } from '../_ui/fault-card.tsx';
import type { ShownFault } from './faults.ts';

export interface Notification {
  /** A message with the same id replaces the former one. */
  id?: string;
  type: 'success' | 'info' | 'warning' | 'error' | 'in-progress';
  header: ReactNode;
  content?: ReactNode;
  action?: { text: string; href?: string; onClick?: () => void };
  /** A message about a lasting condition disappears with the condition, not by a click. */
  lasting?: boolean;
}

interface Notifications {
  /** Shows a message and returns its id. Success disappears after 10 s; the rest stays until dismissed. */
  notify(notification: Notification): string;
  notifyFault(fault: ShownFault, header?: string): string;
  dismiss(id: string): void;
}

const ItemsContext = createContext<FlashbarProps.MessageDefinition[]>([]);
const NotificationsContext = createContext<Notifications | null>(null);

const MAX_MESSAGES = 20;
const SUCCESS_MS = 10_000;

export function NotificationsProvider({ children }: { children: ReactNode }) {
  const [items, setItems] = useState<FlashbarProps.MessageDefinition[]>([]);
  const counter = useRef(0);

  const dismiss = useCallback((id: string) => setItems((before) => before.filter((item) => item.id !== id)), []);

  const notify = useCallback(
    (notification: Notification): string => {
      counter.current += 1;
      const id = notification.id ?? `message-${counter.current}`;
      const item = toMessage(id, notification, () => dismiss(id));
      setItems((before) => [item, ...before.filter((other) => other.id !== id)].slice(0, MAX_MESSAGES));
      if (notification.type === 'success') {
        // Only this very message: another one may stand under the id by then.
        setTimeout(() => setItems((before) => before.filter((other) => other !== item)), SUCCESS_MS);
      }
      return id;
    },
    [dismiss],
  );

  const value = useMemo<Notifications>(
    () => ({
      notify,
      dismiss,
      notifyFault: (fault, header) =>
        notify({
          type: 'error',
          // The same refusal again is one message, not ten.
          id: `fault-${fault.code}-${fault.message}`.slice(0, 200),
          header: header ?? fault.message,
          content: (
            <>
              {header ? `${fault.message} ` : ''}
              {fault.remedy}
              {fault.cause && <CauseDetails cause={fault.cause} />}
            </>
          ),
        }),
    }),
    [notify, dismiss],
  );

  return (
    <NotificationsContext value={value}>
      <ItemsContext value={items}>{children}</ItemsContext>
    </NotificationsContext>
  );
}

function toMessage(id: string, notification: Notification, onDismiss: () => void): FlashbarProps.MessageDefinition {
  const { type, header, content, action, lasting } = notification;
  return {
    id,
    type,
    loading: type === 'in-progress',
    header,
    content,
    ariaRole: type === 'error' || type === 'warning' ? 'alert' : 'status',
    dismissible: !lasting,
    dismissLabel: 'Dismiss message',
    onDismiss,
    action: action && <ActionButton {...action} />,
  };
}

function ActionButton({ text, href, onClick }: NonNullable<Notification['action']>) {
  return (
    <Button {...(href ? { href } : {})} onClick={onClick}>
      {text}
    </Button>
  );
}

export function useNotifications(): Notifications {
  const value = useContext(NotificationsContext);
  if (!value) throw new Error('useNotifications is for pages inside the console');
  return value;
}

/** For the shell, which shows them. */
export const useNotificationItems = () => useContext(ItemsContext);
