// A mail to the administrator who asks, to see whether mail goes out at all.
import { newId } from '../../../db/ids.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { MemberPrincipal } from '../../access/principals.ts';
import { MailError, sendBySmtp } from '../../mail/smtp.ts';
import { guard, inTransaction, type ServiceContext } from '../context.ts';

/** Sent at once, so that the answer can be shown. @throws `mail-not-set`, `mail-refused` */
export async function sendTestMail(
  ctx: ServiceContext & { principal: MemberPrincipal },
): Promise<{ to: string; answer: string }> {
  const workspaceId = guard(ctx, 'notification.manage');
  if (!process.env.LANDFALL_SMTP_URL || !process.env.LANDFALL_MAIL_FROM) throw faultError('mail-not-set');
  const { email: to, memberId, name } = ctx.principal;
  await inTransaction(ctx, workspaceId, async ({ audit }) => {
    audit({ action: 'mail.test', subjectKind: 'member', subjectId: memberId, subjectName: name });
  });
  try {
    const { text } = await sendBySmtp(
      {
        ...{ id: newId.mail(), to: [to], subject: 'Test mail from Landfall' },
        text: `${name} has asked for this mail, to see whether Landfall can send any. It can.`,
      },
      process.env,
      20_000,
    );
    return { to, answer: text };
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    throw faultError('mail-refused', { cause: error.answer.text || error.message });
  }
}
