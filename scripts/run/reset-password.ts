// npm run reset-password -- ann@example.com: prints a link with which that member sets a new password. For a lone administrator
// who has forgotten theirs; everybody else asks an administrator. Landfall must be running.
//
//   npm run reset-password -- [--data FOLDER] [--url https://landfall.example.com] EMAIL
//   npm run reset-password -- --second-step EMAIL: takes away the second step of who has lost phone and recovery codes
//
// DATABASE_URL goes before the folder.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../setup/child-program.ts';
import { SetUpError } from '../setup/set-up-error.ts';
import { embeddedDatabaseUrl } from './embedded-database.ts';

const root = path.resolve(import.meta.dirname, '../..');
const USAGE = 'Say whose: npm run reset-password -- ann@example.com';

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      data: { type: 'string', default: process.env.LANDFALL_DATA || path.join(root, 'data') },
      url: { type: 'string' },
      'second-step': { type: 'boolean', default: false },
    },
  });
  const email = positionals[0];
  if (!email || positionals.length > 1) throw new SetUpError(USAGE);
  const url =
    process.env.DATABASE_URL ||
    embeddedDatabaseUrl(values.data, 'start Landfall first, or name its folder with --data.');
  const { code, output } = await run(
    process.execPath,
    ['server/reset-link.ts', email, ...(values['second-step'] ? ['second-step'] : [])],
    {
      cwd: root,
      env: { ...process.env, DATABASE_URL: url },
      capture: true,
    },
  );
  const answer = output
    .trim()
    .split('\n')
    .findLast((line) => line.startsWith('{"token":'));
  if (code !== 0 || !answer) throw new SetUpError(output.trim() || 'The link could not be made.');
  const { token, expiresAt } = JSON.parse(answer) as { token: string | null; expiresAt: string };
  if (token === null) {
    console.log(`The second step of ${email} is off: the password alone lets in.`);
    process.exit();
  }
  const address = (values.url ?? process.env.LANDFALL_PUBLIC_URL ?? 'http://localhost:3000').replace(/\/+$/, '');
  console.log(
    `With this link ${email} sets a new password. It is good once, until ${expiresAt}:\n\n  ${address}/reset/${token}\n`,
  );
} catch (error) {
  if (!(error instanceof SetUpError) && !(error instanceof TypeError)) throw error;
  console.error((error as Error).message);
  process.exitCode = 1;
}
