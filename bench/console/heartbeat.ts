// Connectors that are well say so every few seconds, in the filled database too: all of it would be unhealthy otherwise.
import pg from 'pg';

const EVERY_MS = 5_000;

/** All but the silent one report until the returned function is called. */
export async function keepConnectorsAlive(databaseUrl: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => {});
  await client.connect();
  let last: Promise<unknown> = Promise.resolve();
  const beat = () => {
    last = client.query(`update connectors set last_seen_at = now(), checked_at = now() where status = 'healthy'`);
    last.catch(() => {});
    return last;
  };
  await beat();
  const timer = setInterval(beat, EVERY_MS);
  return async () => {
    clearInterval(timer);
    await last.catch(() => {});
    await client.end();
  };
}
