// A workspace with a connector and a catalog on a database of its own.

import { eq } from 'drizzle-orm';
import { type Database, openDatabase } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import { connectors, members, tasks, users, workspaces } from '../../db/schema/index.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';
import { createTestDatabase } from '../../db/testing.ts';
import { FaultError } from '../../replication/model/fault.ts';
import type { CatalogServer } from '../../replication/model/server.ts';
import type { Role } from '../access/permissions.ts';
import { stopListening } from '../events/listen.ts';
import { stopQueue } from '../queue/queue.ts';
import { importCatalog, receiveCatalogPage } from './catalog/import.ts';
import { type ProgramContext, type ServiceContext, systemContext } from './context.ts';
import { createTarget } from './targets/create.ts';
import { claimTasks } from './tasks/claim.ts';

export interface TestWorkspace {
  db: Database;
  ctx: ProgramContext;
  workspaceId: WorkspaceId;
  connectorId: string;
  /** Its only AWS target. */
  targetId: string;
  /** A member's context. */
  as(role: Role): ServiceContext;
  /** Claims the connector's next task. */
  claim(holder: string, leaseSeconds?: number): ReturnType<typeof claimTasks>;
  importServers(servers: CatalogServer[]): Promise<void>;
  close(): Promise<void>;
}

export async function testWorkspace(): Promise<TestWorkspace> {
  const database = await createTestDatabase();
  process.env.DATABASE_URL = database.url;
  Object.assign(process.env, {
    LANDFALL_AWS_ACCESS_KEY_ID: 'key',
    LANDFALL_AWS_SECRET_ACCESS_KEY: 'secret',
    LANDFALL_SECRET_KEY: `test:${'A'.repeat(43)}=`,
  });
  const db = openDatabase(database.url);
  const workspaceId = newId.workspace();
  await db.insert(workspaces).values({ id: workspaceId, name: 'Test' });
  const ids = new Map<Role, { userId: string; memberId: string }>();
  for (const role of ['viewer', 'operator', 'cutover-manager', 'administrator'] as const) {
    const userId = newId.user();
    const memberId = newId.member();
    await db.insert(users).values({ id: userId, email: `${role}@example.com`, name: role, passwordHash: '-' });
    await db.insert(members).values({ id: memberId, workspaceId, userId, role });
    ids.set(role, { userId, memberId });
  }
  const connectorId = newId.connector();
  await db.insert(connectors).values({
    id: connectorId,
    workspaceId,
    name: 'North',
    version: '1',
    host: 'h',
    addresses: [],
    vmManagerType: 'vsphere',
    vmManagerName: 'vc',
    vmManagerId: 'id',
    vmManagerUrl: 'https://vc',
    vmManagerVersion: '8',
    tokenHash: 'x',
    session: 1,
    checks: [],
    checkedAt: new Date(),
    lastSeenAt: new Date(),
    status: 'healthy',
  });
  const ctx = systemContext(db, workspaceId, 'test');
  const { targetId } = await createTarget(ctx, { name: 'Main', region: 'eu-central-1', bucket: 'bucket' });
  const claim: TestWorkspace['claim'] = (holder, leaseSeconds = 30) =>
    claimTasks(ctx, { workspaceId, place: 'connector', connectorId, holder, free: 1, leaseSeconds });
  return {
    db,
    ctx,
    workspaceId,
    connectorId,
    targetId,
    as: (role) => {
      const { userId, memberId } = ids.get(role) as { userId: string; memberId: string };
      return {
        ...ctx,
        principal: {
          kind: 'member',
          userId,
          memberId,
          workspaceId,
          role,
          name: role,
          email: `${role}@example.com`,
          address: null,
        },
      };
    },
    claim,
    importServers: async (found) => {
      await importCatalog(ctx, {});
      const [claimed] = await claim(`${connectorId}/1`);
      if (!claimed) throw new Error('no import to claim');
      const held = { taskId: claimed.task.id, fence: claimed.task.fence, holder: `${connectorId}/1` };
      await receiveCatalogPage(ctx, workspaceId, held, { servers: found, last: true });
      await db.update(tasks).set({ state: 'done' }).where(eq(tasks.id, claimed.task.id));
    },
    close: async () => {
      await stopQueue();
      await stopListening();
      await db.$client.end();
      await database.drop();
    },
  };
}

/** A server as a connector reports it. */
export function catalogServer(name: string, more: Partial<CatalogServer> = {}): CatalogServer {
  return {
    vmId: `vm-${name}`,
    uuid: `uuid-${name}`,
    name,
    path: `/Datacenters/North/vm/${name}`,
    power: 'on',
    guestId: 'debian12_64Guest',
    guestName: 'Debian GNU/Linux 12 (64-bit)',
    guestFamily: 'linux',
    architecture: 'x86_64',
    firmware: 'bios',
    secureBoot: false,
    vcpus: 2,
    memoryMiB: 2048,
    host: 'esx-01',
    addresses: ['10.0.0.1'],
    hostName: name,
    disks: [
      {
        id: `disk-${name}`,
        key: '2000',
        label: 'Hard disk 1',
        capacityBytes: 1_073_741_824,
        kind: 'thin',
        datastore: 'ds',
        fileName: 'f',
        order: 0,
        replicable: true,
      },
    ],
    nics: [],
    tools: 'running',
    hardwareVersion: 'vmx-19',
    findings: [],
    ...more,
  };
}

/** The code of the fault with which a promise is rejected. */
export async function faultCode(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof FaultError) return error.fault.code;
    throw error;
  }
  return 'none';
}
