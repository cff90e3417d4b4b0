// Whether LANDFALL_SECRET_KEY opens what the database holds sealed. Program, run by npm run web before it serves; ends with 1 and says what to do when it does not. A database that does not answer is for others to say.
import { openDatabase } from '../db/client.ts';
import { log } from './log.ts';
import { checkSecrets } from './secrets/check.ts';
import { KeyRingError, readKeyRing } from './secrets/key-ring.ts';

try {
  const keys = readKeyRing();
  const { DATABASE_URL } = process.env;
  if (DATABASE_URL) {
    const db = openDatabase(DATABASE_URL, { max: 1 });
    await checkSecrets(db, keys).finally(() => db.$client.end());
  }
} catch (error) {
  if (error instanceof KeyRingError) {
    console.error(error.message);
    process.exitCode = 1;
  } else log().warn({ error }, 'it could not be checked whether LANDFALL_SECRET_KEY opens what is sealed');
}
