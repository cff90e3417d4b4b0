// The first workspace with its two members, made once on an empty database.

import type { Database } from '../../../db/client.ts';
import { newId } from '../../../db/ids.ts';
import { members, users, workspaces } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { hashPassword } from '../../access/passwords.ts';
import { inTransaction, systemContext } from '../context.ts';
import { FIRST_START_LOCK } from './first-administrator.ts';

export interface FirstPasswords {
  administrator: string;
  viewer: string;
}

const FIRST_MEMBERS = [
  { email: 'admin@landfall.local', name: 'Administrator', role: 'administrator' },
  { email: 'viewer@landfall.local', name: 'Viewer', role: 'viewer' },
] as const;

/** Makes workspace and members unless there are any. Answers the workspace and whether it was made now. */
export async function createFirstMembers(
  db: Database,
  passwords: FirstPasswords,
): Promise<{ workspaceId: WorkspaceId; created: boolean }> {
  const hashes = {
    administrator: await hashPassword(passwords.administrator),
    viewer: await hashPassword(passwords.viewer),
  };
  return db
    .transaction(async (tx) => {
      await tx.execute(FIRST_START_LOCK);
      const [there] = await tx.select({ id: workspaces.id }).from(workspaces).limit(1);
      if (there) return { workspaceId: there.id, created: false };
      const workspaceId = newId.workspace();
      await tx.insert(workspaces).values({ id: workspaceId, name: 'Main' });
      for (const { email, name, role } of FIRST_MEMBERS) {
        const userId = newId.user();
        await tx.insert(users).values({ id: userId, email, name, passwordHash: hashes[role] });
        await tx.insert(members).values({ id: newId.member(), workspaceId, userId, role });
      }
      return { workspaceId, created: true };
    })
    .then(async (made) => {
      if (made.created) {
        await inTransaction(systemContext(db, made.workspaceId), made.workspaceId, async ({ audit }) => {
          for (const { email, name, role } of FIRST_MEMBERS) {
            audit({
              action: 'member.create',
              subjectKind: 'member',
              subjectId: email,
              subjectName: name,
              after: { role },
            });
          }
        });
      }
      return made;
    });
}
