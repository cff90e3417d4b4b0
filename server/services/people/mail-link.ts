// Links that let somebody in, by mail where a mail server is set; else they are copied by hand.

import { mailIsSet, queueMail } from '../../mail/queue-mail.ts';
import { publicUrl } from '../../public-url.ts';
import type { Work } from '../context.ts';

interface MailedLink {
  workspaceId: string;
  to: string;
  subject: string;
  /** Why somebody gets it. */
  reason: string;
  /** `/invitation` or `/reset` */
  page: string;
  token: string;
  expiresAt: Date;
}

/** Queues the mail in the transaction that makes the link. @returns whether one goes out */
export async function mailLink({ tx }: Pick<Work, 'tx'>, link: MailedLink): Promise<boolean> {
  if (!mailIsSet()) return false;
  const { workspaceId, to, subject, reason, page, token, expiresAt } = link;
  const until = `${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const text = [
    reason,
    publicUrl(`${page}/${token}`),
    `The link is good once, until ${until}. Whoever has it gets in: pass it on to nobody.`,
    'If you did not expect this mail, you need not do anything.',
  ].join('\n\n');
  await queueMail(tx, { workspaceId, to, subject, text });
  return true;
}
