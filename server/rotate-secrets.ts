// npm run secrets:rotate: wraps everything that is sealed with the first key of LANDFALL_SECRET_KEY, while web and worker run.
//
//   npm run secrets:rotate [-- --give-up NAME]   takes out, instead, what was sealed with a key that is lost for good
import { parseArgs } from 'node:util';
import { openDatabase } from '../db/client.ts';
import { renewSeals, sealingKeys } from './audit/seal.ts';
import { KeyRingError, readKeyRing } from './secrets/key-ring.ts';
import { giveUpSecrets, rotateSecrets } from './secrets/rotate.ts';

const { values } = parseArgs({ options: { 'give-up': { type: 'string' } } });
const { DATABASE_URL } = process.env;
if (!DATABASE_URL) {
  console.error('DATABASE_URL must be set: postgres://user:password@host:5432/name');
  process.exit(1);
}
const db = openDatabase(DATABASE_URL, { max: 1 });
try {
  const keys = readKeyRing();
  const lost = values['give-up'];
  if (lost === undefined) {
    const { key, count, failed } = await rotateSecrets(db, keys);
    console.log(`${count} secret${count === 1 ? '' : 's'} rewrapped: all that open are under the key ${key} now.`);
    const seals = await renewSeals(db, sealingKeys(keys));
    if (seals > 0) console.log(`${seals} seal${seals === 1 ? '' : 's'} of the audit trail made anew.`);
    for (const { table, row, reason } of failed) console.error(`Not rewrapped: ${table} ${row}. ${reason}`);
    if (failed.length > 0) {
      console.error('Keep the old keys until these have new secrets.');
      process.exitCode = 1;
    }
  } else {
    const rows = await giveUpSecrets(db, lost, keys);
    console.log(`${rows.length} secret${rows.length === 1 ? '' : 's'} sealed with the key ${lost} taken out.`);
    for (const { table, row } of rows) console.log(`  ${table} ${row}: enter it anew in the console.`);
  }
} catch (error) {
  if (!(error instanceof KeyRingError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await db.$client.end();
}
