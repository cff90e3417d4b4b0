// What a member may not do is refused, and stands in the audit trail.
import { desc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { audit } from '../../db/schema/index.ts';
import type { SessionMember } from '../access/principals.ts';
import { type TestWorkspace, testWorkspace } from '../services/testing.ts';
import { appRouter } from './root.ts';
import { createCallerFactory } from './trpc.ts';

let site: TestWorkspace;
beforeAll(async () => {
  site = await testWorkspace();
  Object.assign(globalThis, { landfallDatabase: site.db });
});
afterAll(async () => {
  Object.assign(globalThis, { landfallDatabase: undefined });
  await site.close();
});

function as(role: 'viewer' | 'operator') {
  const { principal } = site.as(role);
  const member = {
    principal,
    workspaceName: 'Test',
    preferences: {},
    lastSeenAt: new Date(),
  } as unknown as SessionMember;
  const session = async () => member;
  return createCallerFactory(appRouter)({ headers: new Headers(), internal: true, session, sessionNow: session });
}
const refusals = () => site.db.select().from(audit).where(eq(audit.action, 'access.refused')).orderBy(desc(audit.id));
const invite = { email: 'ann@example.com', role: 'viewer' as const };

it('notes who was refused what, once in a while', async () => {
  for (let often = 0; often < 3; often += 1)
    await expect(as('viewer').members.invite(invite)).rejects.toMatchObject({ fault: { code: 'permission-denied' } });
  await expect(as('operator').members.invite(invite)).rejects.toMatchObject({ fault: { code: 'permission-denied' } });
  const noted = await refusals();
  expect(noted.map(({ actorName, subjectId, after }) => [actorName, subjectId, after])).toEqual([
    ['operator', 'members.invite', { role: 'operator' }],
    ['viewer', 'members.invite', { role: 'viewer' }],
  ]);
});

it('notes nothing of what fails for another reason, or does not fail', async () => {
  const before = (await refusals()).length;
  await as('viewer').targets.list();
  await expect(as('operator').jobs.get({ jobId: 'sms-job-none' })).rejects.toThrow();
  expect(await refusals()).toHaveLength(before);
});

it('answers the same when it cannot be noted', async () => {
  await site.db.execute(
    'create function refuse() returns trigger language plpgsql as $$ begin raise exception $q$no$q$; end $$',
  );
  await site.db.execute('create trigger refuse before insert on audit for each row execute function refuse()');
  const answer = await as('viewer')
    .members.invite({ ...invite, email: 'bob@example.com' })
    .catch((error) => error);
  expect(answer.fault.code).toBe('permission-denied');
  await site.db.execute('drop trigger refuse on audit');
});
