// Looks whether what is sealed opens, and prepares an empty database: workspace, two members (or the secret with which somebody becomes
// the first), the AWS target of the environment, and with a lab a one-time code for its connector.
// Program, run by the supervisor after the migrations; prints one line of JSON.
import { isNull } from 'drizzle-orm';
import { openDatabase } from '../db/client.ts';
import { connectors } from '../db/schema/index.ts';
import { checkSecrets } from './secrets/check.ts';
import { KeyRingError } from './secrets/key-ring.ts';
import { createEnrolmentCode } from './services/connectors/enrol.ts';
import { systemContext } from './services/context.ts';
import { createFirstWorkspace, firstRunToken } from './services/people/first-administrator.ts';
import { createFirstMembers } from './services/people/first-members.ts';
import { targetsFromEnvironment } from './services/targets/from-environment.ts';

const { DATABASE_URL, NEXTAUTH_SECRET, LANDFALL_FIRST_ADMIN_PASSWORD, LANDFALL_FIRST_VIEWER_PASSWORD, LANDFALL_LAB } =
  process.env;
if (!DATABASE_URL || !NEXTAUTH_SECRET) {
  console.error('DATABASE_URL and NEXTAUTH_SECRET must be set.');
  process.exit(1);
}
const db = openDatabase(DATABASE_URL, { max: 2 });
try {
  await checkSecrets(db);
  const made =
    LANDFALL_FIRST_ADMIN_PASSWORD && LANDFALL_FIRST_VIEWER_PASSWORD
      ? await createFirstMembers(db, {
          administrator: LANDFALL_FIRST_ADMIN_PASSWORD,
          viewer: LANDFALL_FIRST_VIEWER_PASSWORD,
        })
      : { created: false };
  // Without first passwords nobody is made up: the first administrator comes by a link.
  const { workspaceId, waits } = await createFirstWorkspace(db);
  await targetsFromEnvironment(systemContext(db, null));
  let enrolmentCode: string | undefined;
  if (LANDFALL_LAB === '1') {
    const [connector] = await db
      .select({ id: connectors.id })
      .from(connectors)
      .where(isNull(connectors.disassociatedAt))
      .limit(1);
    if (!connector) enrolmentCode = (await createEnrolmentCode(systemContext(db, workspaceId))).code;
  }
  const firstRun = waits ? firstRunToken(NEXTAUTH_SECRET) : undefined;
  console.log(JSON.stringify({ created: made.created, enrolmentCode, firstRun }));
} catch (error) {
  if (!(error instanceof KeyRingError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await db.$client.end();
}
