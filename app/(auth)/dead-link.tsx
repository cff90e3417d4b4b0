// What is said in the place of a form when a link leads nowhere.
import type { ReactNode } from 'react';
import { Entrance } from './entrance.tsx';
import { EntranceCard, EntranceLink, Notice } from './entrance-form.tsx';

type State = 'unknown' | 'used' | 'revoked' | 'expired';

const OVER = {
  title: 'The first administrator is there',
  text: 'This address was good for one account. Sign in, or ask an administrator for an invitation.',
};

const WORDS: Record<'first-run' | 'invitation' | 'reset', Record<State, { title: string; text: string }>> = {
  'first-run': {
    unknown: {
      title: 'This address makes no administrator',
      text: 'Check that it was copied whole. Each start of Landfall prints the right one while nobody has an account.',
    },
    used: OVER,
    revoked: OVER,
    expired: OVER,
  },
  invitation: {
    unknown: {
      title: 'This invitation does not exist',
      text: 'Check that the link was copied whole. If a newer link was sent to you, use that one; else ask whoever invited you for a new one.',
    },
    used: {
      title: 'This invitation was accepted',
      text: 'If that was you, sign in. If not, tell whoever invited you.',
    },
    revoked: { title: 'This invitation was withdrawn', text: 'Ask whoever invited you, if that surprises you.' },
    expired: {
      title: 'This invitation has expired',
      text: 'Ask whoever invited you for a new link; it takes them a moment.',
    },
  },
  reset: {
    unknown: {
      title: 'This link does not exist',
      text: 'Check that it was copied whole, or ask an administrator of your workspace for a new one.',
    },
    used: {
      title: 'This link was used',
      text: 'If you have set your new password with it, sign in. If it was not you, tell an administrator at once.',
    },
    revoked: {
      title: 'This link is no longer good',
      text: 'A newer link was made, or the password was changed. Use the newer link, or ask an administrator for one.',
    },
    expired: { title: 'This link has expired', text: 'Ask an administrator of your workspace for a new one.' },
  },
};

export function DeadLink({ what, state }: { what: keyof typeof WORDS; state: State }) {
  const { title, text } = WORDS[what][state];
  return <Said title={title}>{text}</Said>;
}

/** The server did not say whether the link is good. */
export function LinkProblem({ message }: { message: string }) {
  return <Said title="The link could not be looked at">{message} Then reload this page.</Said>;
}

function Said({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Entrance>
      <EntranceCard>
        <Notice tone="red" title={title}>
          {children}
        </Notice>
        <EntranceLink href="/sign-in">Go to the sign-in page</EntranceLink>
      </EntranceCard>
    </Entrance>
  );
}
