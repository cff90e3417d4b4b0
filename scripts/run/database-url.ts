// Looks at a PostgreSQL that the user named before anything relies on it, and says what is wrong with it in one sentence.
import pg from 'pg';
import { SetUpError } from '../setup/set-up-error.ts';

const OLDEST = 140_000;

/** @throws SetUpError when the database cannot be reached, refuses us, is too old, or may not be changed by this user */
export async function checkDatabaseUrl(url: string, timeoutMs = 10_000): Promise<void> {
  const shown = withoutPassword(url);
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query(
      `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
              current_user as user, has_database_privilege(current_database(), 'create') as may_create,
              pg_is_in_recovery() as replica`,
    );
    const { version, number, user, may_create: mayCreate, replica } = rows[0];
    if (number < OLDEST) throw new SetUpError(`${shown} is PostgreSQL ${version}; Landfall needs 14 or newer.`);
    if (replica) throw new SetUpError(`${shown} is a read-only replica: name its primary in DATABASE_URL.`);
    if (!mayCreate) {
      throw new SetUpError(
        `The user ${user} may not create schemas in ${shown}: grant create on database … to ${user}.`,
      );
    }
  } catch (error) {
    if (error instanceof SetUpError) throw error;
    throw new SetUpError(explain(shown, error as NodeJS.ErrnoException, timeoutMs));
  } finally {
    await client.end().catch(() => {});
  }
}

function withoutPassword(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new SetUpError(
      'DATABASE_URL cannot be read: it must look like postgres://user:password@host:5432/name (special characters in the password as %XX).',
    );
  }
  if (!/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new SetUpError(
      `DATABASE_URL begins with ${parsed.protocol}//; it must look like postgres://user:password@host:5432/name.`,
    );
  }
  if (parsed.password) parsed.password = '***';
  return `DATABASE_URL (${parsed.href.replace(/\?.*$/, '')})`;
}

function explain(
  shown: string,
  error: NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] },
  timeoutMs: number,
): string {
  const { code, message } = error.errors?.[0] ?? error;
  switch (code) {
    case 'ECONNREFUSED':
      return `Nobody answers at ${shown}: is the server running, and do host and port fit?`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host of ${shown} is not known: correct its name.`;
    case '28P01':
      return `${shown}: wrong password for this user.`;
    case '28000':
      return `${shown}: the server does not let this user in (${message}); see its pg_hba.conf, or add ?sslmode=require.`;
    case '3D000':
      return `${shown}: there is no such database; create it with createdb.`;
    case '53300':
      return `${shown}: the server has no connection left (max_connections).`;
  }
  if (code === 'ETIMEDOUT' || /timeout/i.test(message))
    return `${shown} did not answer within ${timeoutMs / 1000} s: is a firewall in between?`;
  return `${shown} cannot be used: ${message || code}`;
}
