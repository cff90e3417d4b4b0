// What a notification says, from what is true now. The sentences of what needs a hand are those of the overview.
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import {
  attention,
  awsTargetPlaces,
  awsTargets,
  connectors,
  cutovers,
  type NotificationMessage,
  replicationJobs,
  replicationRuns,
  targetTests,
  workspaces,
} from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { FAULT_KINDS } from '../../../replication/model/fault-kinds.ts';
import { publicUrl } from '../../public-url.ts';
import { groupedEntries } from '../overview/attention.ts';
import { connectorWords, cutoverWords, type GroupedKind } from '../overview/attention-words.ts';
import { readTallies } from '../tallies/read.ts';
import { kindAbout } from './kinds.ts';

/** What the outbox names. */
export interface Cause {
  workspaceId: WorkspaceId;
  about: string;
  cause: string;
}

/** What is told of a cause, but for whom and when. */
export type Told = Pick<
  NotificationMessage,
  'title' | 'text' | 'remedy' | 'link' | 'since' | 'count' | 'noun' | 'things'
>;

/** Faults of runs that say that the target itself is out of order. */
const OF_THE_TARGET = Object.keys(FAULT_KINDS).filter((code) =>
  /^aws-(credentials-|role-|region-|account-|access-denied|unreachable)/.test(code),
);

const GROUPED: readonly string[] = ['failed-runs', 'paused-jobs', 'waiting-runs', 'left-over'] satisfies GroupedKind[];
const PATHS: Record<string, string> = {
  'failed-runs': '/jobs',
  'paused-jobs': '/jobs',
  'waiting-runs': '/runs',
  'left-over': '/overview',
};

/** How many things a cause concerns now; 0 once it is gone. */
export async function countOf(db: Queries, { workspaceId, about, cause }: Cause): Promise<number> {
  if (GROUPED.includes(about)) {
    return (await readTallies(db, workspaceId, ['attention'])).count('attention', `${about}/${cause}`);
  }
  if (about === 'cutover') return (await questionOf(db, workspaceId, cause)) ? 1 : 0;
  if (about === 'connector') return (await illConnector(db, workspaceId, cause)) ? 1 : 0;
  if (about === 'target') return (await illTarget(db, workspaceId, cause)) ? 1 : 0;
  return 0;
}

/** Its sentences; null where it is gone since it was counted. */
export async function wordsOf(db: Queries, where: Cause, count: number): Promise<Told | null> {
  const { workspaceId, about, cause } = where;
  if (about === 'cutover') {
    const found = await questionOf(db, workspaceId, cause);
    if (!found) return null;
    const { message, remedy } = cutoverWords(found.serverName, found.question ?? { text: `${found.waitingFor}` });
    const since = found.question?.askedAt ?? found.startAt?.toISOString() ?? null;
    const things = [{ id: found.id, name: found.serverName }];
    return {
      title: message,
      text: message,
      remedy,
      link: publicUrl(`/cutovers/${found.id}`),
      since,
      count: 1,
      noun: 'cutover',
      things,
    };
  }
  if (about === 'connector') {
    const found = await illConnector(db, workspaceId, cause);
    if (!found) return null;
    const silent = found.checks.every((check) => check.ok || check.level !== 'required');
    const { message, remedy } = connectorWords(found.name, silent, found.reason);
    const link = publicUrl(`/connectors/${found.id}`);
    const since = silent ? (found.lastSeenAt?.toISOString() ?? null) : null;
    const things = [{ id: found.id, name: found.name }];
    return {
      title: message,
      text: `${message}: ${found.reason ?? ''}`,
      remedy,
      link,
      since,
      count: 1,
      noun: 'connector',
      things,
    };
  }
  if (about === 'target') {
    const found = await illTarget(db, workspaceId, cause);
    if (!found) return null;
    const title = `AWS target ${found.name} is out of order`;
    const things = [{ id: cause, name: found.name }];
    const link = publicUrl(`/settings/targets/${cause}`);
    return {
      title,
      text: `${title}. ${found.reason}`,
      remedy: found.remedy,
      link,
      since: null,
      count: 1,
      noun: 'AWS target',
      things,
    };
  }
  const [entry] = await groupedEntries({ db }, workspaceId, [{ kind: about as GroupedKind, cause, count }]);
  if (!entry) return null;
  const { fault, affected, since, things } = entry;
  const many = `${count} ${affected.noun}${count === 1 ? '' : 's'}`;
  const title = about === 'failed-runs' ? `The latest run of ${many} failed: ${fault.message}` : fault.message;
  const named = things.map(({ name }) => name).join(', ');
  const more = count > things.length ? ` and ${count - things.length} more` : '';
  return {
    title,
    text: `${title}\n${named}${more}${fault.cause ? `\n${fault.cause}` : ''}`,
    remedy: fault.remedy,
    link: publicUrl(PATHS[about] ?? '/overview'),
    since: since?.toISOString() ?? null,
    count,
    noun: affected.noun,
    things,
  };
}

/** A cutover's question by `id/second`, as the outbox names it. */
async function questionOf(db: Queries, workspaceId: WorkspaceId, cause: string) {
  const [id = '', second = ''] = cause.split('/');
  const [found] = await db
    .select({
      id: cutovers.id,
      serverName: cutovers.serverName,
      question: cutovers.question,
      waitingFor: cutovers.waitingFor,
      startAt: cutovers.startAt,
    })
    .from(attention)
    .innerJoin(cutovers, eq(cutovers.id, attention.subjectId))
    .where(
      and(
        eq(attention.workspaceId, workspaceId),
        eq(attention.subjectKind, 'cutover'),
        eq(attention.subjectId, id),
        sql`coalesce(extract(epoch from ${attention.since})::bigint, 0)::text = ${second}`,
      ),
    );
  return found;
}

async function illConnector(db: Queries, workspaceId: WorkspaceId, id: string) {
  const [found] = await db
    .select({
      id: connectors.id,
      name: connectors.name,
      reason: connectors.statusReason,
      checks: connectors.checks,
      lastSeenAt: connectors.lastSeenAt,
    })
    .from(connectors)
    .where(
      and(
        eq(connectors.workspaceId, workspaceId),
        eq(connectors.id, id),
        isNull(connectors.disassociatedAt),
        eq(connectors.status, 'unhealthy'),
      ),
    );
  return found;
}

/** By the runs that fail of it, else by its latest test, where that was of the place and the sign-in that it has now. */
async function illTarget(
  db: Queries,
  workspaceId: WorkspaceId,
  id: string,
): Promise<{ name: string; reason: string; remedy: string | null } | null> {
  const [target] = await db
    .select({ name: awsTargets.name, result: targetTests.result })
    .from(awsTargets)
    .leftJoin(
      targetTests,
      and(
        eq(targetTests.targetId, awsTargets.id),
        eq(targetTests.revision, awsTargets.revision),
        eq(targetTests.signInVersion, awsTargets.signInVersion),
      ),
    )
    .where(and(eq(awsTargets.workspaceId, workspaceId), eq(awsTargets.id, id), isNull(awsTargets.retiredAt)));
  if (!target) return null;
  const [failing] = await db
    .select({ fault: replicationRuns.fault })
    .from(attention)
    .innerJoin(replicationJobs, eq(replicationJobs.id, attention.subjectId))
    .innerJoin(replicationRuns, eq(replicationRuns.id, attention.runId))
    .where(
      and(
        eq(attention.workspaceId, workspaceId),
        eq(attention.subjectKind, 'job'),
        sql`${attention.kind} in ('failed-runs', 'paused-jobs')`,
        sql`${attention.cause} in ${OF_THE_TARGET}`,
        eq(replicationJobs.targetId, id),
      ),
    )
    .limit(1);
  if (failing) {
    const { fault } = failing;
    return { name: target.name, reason: `Runs fail: ${fault?.message ?? ''}`, remedy: fault?.remedy ?? null };
  }
  const denied = target.result?.rights.filter(({ outcome }) => outcome === 'denied') ?? [];
  const bad = target.result?.findings.filter(({ outcome }) => outcome === 'bad') ?? [];
  const [first] = [
    ...bad.map(({ label, detail }) => `${label}: ${detail}`),
    ...denied.map(({ action }) => `${action} is denied`),
  ];
  if (!first) return null;
  const more = bad.length + denied.length - 1;
  const reason = `Its latest test found: ${first}${more > 0 ? ` (and ${more} more)` : ''}`;
  return { name: target.name, reason, remedy: 'Open the target and look at its test.' };
}

/** The whole message. */
export async function messageOf(
  db: Queries,
  { workspaceId, about }: Pick<Cause, 'workspaceId' | 'about'>,
  told: Told,
  phase: NotificationMessage['phase'],
  now: Date,
): Promise<NotificationMessage> {
  const kind = kindAbout(about);
  const [workspace] = await db.select({ name: workspaces.name }).from(workspaces).where(eq(workspaces.id, workspaceId));
  return {
    kind: kind?.id ?? about,
    phase,
    ...told,
    urgent: kind?.urgent ?? false,
    workspace: { id: workspaceId, name: workspace?.name ?? '' },
    at: now.toISOString(),
  };
}

/** What happened to a job or a run, with SMS's own event (awsdocs/amazon-cloudwatch-events-user-guide, EventTypes.md). */
export async function jobStateOf(
  db: Queries,
  { workspaceId, cause }: Cause,
): Promise<(Told & Required<Pick<NotificationMessage, 'sms'>>) | null> {
  const [what, id = ''] = cause.split('/');
  if (what === 'job') {
    const [job] = await db
      .select({ name: replicationJobs.serverName, targetId: replicationJobs.targetId })
      .from(replicationJobs)
      .where(and(eq(replicationJobs.workspaceId, workspaceId), eq(replicationJobs.id, id)));
    if (!job) return null;
    const detail = { state: 'Deleted', 'replication-job-id': id, 'replication-run-id': 'N/A', version: '1.0' };
    return stateTold(db, {
      name: job.name,
      link: `/jobs/${id}`,
      jobId: id,
      runId: null,
      targetId: job.targetId,
      detail,
    });
  }
  const [run] = await db
    .select({
      name: replicationRuns.serverName,
      state: replicationRuns.state,
      jobId: replicationRuns.jobId,
      imageId: replicationRuns.imageId,
      targetId: replicationRuns.targetId,
    })
    .from(replicationRuns)
    .where(and(eq(replicationRuns.workspaceId, workspaceId), eq(replicationRuns.id, id)));
  if (!run || (run.state !== 'completed' && run.state !== 'failed')) return null;
  const detail = {
    state: run.state === 'completed' ? 'Completed' : 'Failed',
    'replication-job-id': run.jobId,
    'replication-run-id': id,
    ...(run.state === 'completed' && run.imageId ? { 'ami-id': run.imageId } : {}),
    version: '1.0',
  };
  return stateTold(db, {
    name: run.name,
    link: `/runs/${id}`,
    jobId: run.jobId,
    runId: id,
    targetId: run.targetId,
    detail,
  });
}

async function stateTold(
  db: Queries,
  of: {
    name: string;
    link: string;
    jobId: string;
    runId: string | null;
    targetId: string;
    detail: Record<string, string>;
  },
) {
  const [place] = await db
    .select({ partition: awsTargetPlaces.partition, region: awsTargetPlaces.region, account: awsTargetPlaces.account })
    .from(awsTargetPlaces)
    .where(eq(awsTargetPlaces.targetId, of.targetId))
    .orderBy(sql`${awsTargetPlaces.revision} desc`)
    .limit(1);
  const arn = `arn:${place?.partition ?? 'aws'}:sms:${place?.region ?? ''}:${place?.account ?? ''}:${of.jobId}`;
  const title = `Replication job of ${of.name}: ${of.detail.state}`;
  return {
    title,
    text: title,
    remedy: null,
    link: publicUrl(of.link),
    since: null,
    count: 1,
    noun: of.runId ? 'replication run' : 'replication job',
    things: [{ id: of.runId ?? of.jobId, name: of.name }],
    sms: { resources: of.runId ? [arn, `${arn}/${of.runId}`] : [arn], detail: of.detail },
  };
}
