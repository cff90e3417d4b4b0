// A workspace with more servers than a table has page numbers for, beside the one that the other stories use: no lab could
// make them while a story lasts. It is the one thing that a story writes into the console's database.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';

export const LARGE = { email: 'large@landfall.local', servers: 10_050 };
export const serverName = (number: number) => `deep-${String(number).padStart(5, '0')}`;

/** Its member has the administrator's password. Made once, however often it is asked for. */
export async function haveLargeWorkspace(dataFolder: string): Promise<void> {
  const { port, password } = JSON.parse(readFileSync(path.join(dataFolder, 'pg/connection.json'), 'utf8')) as {
    port: number;
    password: string;
  };
  const client = new pg.Client(`postgres://landfall:${password}@127.0.0.1:${port}/landfall`);
  await client.connect();
  try {
    const { rowCount } = await client.query('select from users where email = $1', [LARGE.email]);
    if (rowCount) return;
    await client.query(`
      begin;
      insert into workspaces (id, name) values ('ws-large', 'Large');
      insert into users (id, email, name, password_hash)
        select 'user-large', '${LARGE.email}', 'Administrator', password_hash from users where email = 'admin@landfall.local';
      insert into members (id, workspace_id, user_id, role) values ('member-large', 'ws-large', 'user-large', 'administrator');
      insert into connectors (id, workspace_id, name, version, host, addresses, vm_manager_type, vm_manager_name, vm_manager_id,
          vm_manager_url, vm_manager_version, token_hash)
        values ('c-large', 'ws-large', 'Large', '1', 'nowhere', '[]', 'vsphere', 'vc', 'id', 'https://vc.invalid', '8', 'of-nobody');
      insert into servers (id, workspace_id, connector_id, vm_id, uuid, name, path, power, guest_name, guest_family, vcpus, memory_mi_b,
          disk_count, disk_bytes, host, readiness, record)
        select 's-large-' || n, 'ws-large', 'c-large', 'vm-' || n, 'uuid-' || n, 'deep-' || lpad(n::text, 5, '0'), '/deep', 'on',
          'Debian', 'linux', 1 + n % 2, 1024, 1, 1073741824, 'esx', 'ready', '{"findings": []}'
        from generate_series(1, ${LARGE.servers}) n;
      commit;`);
    await client.query('analyze servers');
  } finally {
    await client.end();
  }
}
