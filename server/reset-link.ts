// Makes a link with which a member sets a new password, for whoever may run commands here. Program of npm run reset-password;
// prints one line of JSON. The e-mail address is its argument; with `second-step` after it, the second step is taken away instead.
import { openDatabase } from '../db/client.ts';
import { FaultError } from '../replication/model/fault.ts';
import { systemContext } from './services/context.ts';
import { createResetLinkFor } from './services/people/reset-password.ts';
import { resetTotpFor } from './services/people/totp.ts';

const { DATABASE_URL } = process.env;
const [email, what] = process.argv.slice(2);
if (!DATABASE_URL || !email) {
  console.error('DATABASE_URL and an e-mail address are needed.');
  process.exit(1);
}
const db = openDatabase(DATABASE_URL, { max: 1 });
try {
  const ctx = systemContext(db, null, 'Command line');
  if (what === 'second-step') {
    await resetTotpFor(ctx, email);
    console.log(JSON.stringify({ token: null }));
  } else {
    const { token, expiresAt } = await createResetLinkFor(ctx, email);
    console.log(JSON.stringify({ token, expiresAt }));
  }
} catch (error) {
  if (!(error instanceof FaultError)) throw error;
  console.error(error.fault.message);
  process.exitCode = 1;
} finally {
  await db.$client.end();
}
