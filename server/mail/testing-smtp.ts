// A real SMTP server on loopback that keeps what it gets. Imported by *.test.ts only.
import { type AddressInfo, createServer, type Server } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface SmtpSink {
  url: string;
  mails: { to: string[]; raw: string }[];
  /** How the next mails are answered instead of being taken, one each. */
  answers: { code: number; text: string }[];
  close(): Promise<void>;
}

/** @param silent takes connections and never says a word */
export async function smtpSink({ silent = false } = {}): Promise<SmtpSink> {
  const mails: SmtpSink['mails'] = [];
  const answers: SmtpSink['answers'] = [];
  if (silent) {
    const sockets = new Set<{ destroy(): void }>();
    const server = createServer((socket) => void sockets.add(socket));
    const close = async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    };
    return { url: `smtp://127.0.0.1:${await portOf(server)}`, mails, answers, close };
  }
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const answer = answers.shift();
        if (answer) {
          done(Object.assign(new Error(answer.text), { responseCode: answer.code }));
          return;
        }
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({ to, raw: Buffer.concat(chunks).toString() });
        done();
      });
    },
  });
  smtp.on('error', () => {});
  const port = await portOf(smtp.server as Server);
  const close = () => new Promise<void>((resolve) => smtp.close(() => resolve()));
  return { url: `smtp://127.0.0.1:${port}`, mails, answers, close };
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
