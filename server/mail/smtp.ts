// The way to the SMTP server of the environment. One attempt at a time, with a deadline; who calls tries again.
import { createTransport } from 'nodemailer';

export interface OutgoingMail {
  /** The same for every attempt: receivers know by it what they have already. */
  id: string;
  to: readonly string[];
  subject: string;
  text: string;
  html?: string | undefined;
}

export interface MailAnswer {
  /** SMTP's: 250, 421, 550…; null when there was none. */
  code: number | null;
  text: string;
}

/** A mail that was not taken. */
export class MailError extends Error {
  override readonly name = 'MailError';
  readonly answer: MailAnswer;
  /** Another attempt cannot help: the server refused it for good. */
  readonly final: boolean;

  constructor(message: string, answer: MailAnswer, final: boolean) {
    super(message);
    this.answer = answer;
    this.final = final;
  }
}

/** So long may one attempt take; shorter than what the queue takes a dead worker's attempt for. */
const DEADLINE_MS = 60_000;

/** Sends one mail by LANDFALL_SMTP_URL, from LANDFALL_MAIL_FROM. @throws MailError, whose message repeats no password */
export async function sendBySmtp(
  mail: OutgoingMail,
  source: Record<string, string | undefined> = process.env,
  deadlineMs = DEADLINE_MS,
): Promise<MailAnswer> {
  const { LANDFALL_SMTP_URL: url, LANDFALL_MAIL_FROM: from } = source;
  if (!url || !from) {
    throw new MailError('LANDFALL_SMTP_URL and LANDFALL_MAIL_FROM are not set.', { code: null, text: '' }, false);
  }
  const transport = createTransport({
    url,
    connectionTimeout: Math.min(10_000, deadlineMs),
    greetingTimeout: Math.min(10_000, deadlineMs),
    socketTimeout: Math.min(20_000, deadlineMs),
    // Nothing that a message says is fetched from a disk or an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new MailError('The SMTP server did not answer in time.', { code: null, text: '' }, false));
  }, deadlineMs);
  try {
    const sent = await Promise.race([
      transport.sendMail({
        from,
        to: [...mail.to],
        subject: mail.subject,
        text: mail.text,
        ...(mail.html ? { html: mail.html } : {}),
        messageId: `<${mail.id}@${domainOf(from)}>`,
        // Nobody answers a program, and no vacation notice either.
        headers: { 'Auto-Submitted': 'auto-generated' },
      }),
      late.promise,
    ]);
    const text = String(sent.response ?? '');
    return { code: codeOf(text), text };
  } catch (error) {
    if (error instanceof MailError) throw error;
    throw refused(error);
  } finally {
    clearTimeout(timer);
    transport.close();
  }
}

function refused(error: unknown): MailError {
  const {
    message = String(error),
    response,
    responseCode,
    code,
  } = error as {
    message?: string;
    response?: string;
    responseCode?: number;
    code?: string;
  };
  const answer = { code: responseCode ?? null, text: response ?? '' };
  // 5xx is final (RFC 5321, 4.2.1), but for the login: that the administrator corrects.
  const final = answer.code !== null && answer.code >= 500 && code !== 'EAUTH';
  return new MailError(message, answer, final);
}

const codeOf = (response: string) => Number(/^\d{3}/.exec(response)?.[0]) || null;
const domainOf = (from: string) => /@([^@>\s]+)>?\s*$/.exec(from)?.[1] ?? 'landfall';
