// What the worker does with a mail of the queue. A throw makes the queue try again.
import { log } from '../log.ts';
import { openMail, type QueuedMail } from './queue-mail.ts';
import { MailError, sendBySmtp } from './smtp.ts';

/**
 * Sends a mail. It arrives twice where the worker dies after the server took it and before the queue knows: seconds at most, and
 * both copies have one Message-ID. One that the server refuses for good is logged, without its contents, and given up.
 */
export async function sendQueuedMail(queued: unknown): Promise<void> {
  const { id, ...rest } = queued as QueuedMail;
  const { to, subject, text, html } = openMail({ id, ...rest });
  const addresses = typeof to === 'string' ? [to] : to;
  try {
    await sendBySmtp({ id, to: addresses, subject, text, html });
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    const { answer, final, message } = error;
    log().warn(
      { mail: id, code: answer.code, reason: message },
      final ? 'a mail was refused for good' : 'a mail waits',
    );
    if (!final) throw error;
  }
}
