// SQL for replication jobs, and for the outline of their runs: when each was, how it ended, which way it copied. The rows of
// the runs themselves are made of the outline (fill-runs.ts).
import type { FillInput } from './fill-inventory.ts';
import { settings } from './run-documents.ts';
import { FAILURES } from './run-failures.ts';
import { neighbourServers } from './sizes.ts';
import { literal, sqlOf } from './template.ts';

/** One job in ten has a cutover, as far as there are any; number i is that of job 10 × i. */
const CUTOVER_STATES = `case when bench.unit(i, 71) < 0.68 then 'finished' when bench.unit(i, 71) < 0.74 then 'rolled-back'
  when bench.unit(i, 71) < 0.82 then 'cancelled' when bench.unit(i, 71) < 0.95 then 'planned' when bench.unit(i, 71) < 0.955 then 'active'
  when bench.unit(i, 71) < 0.9995 then 'cut-over' else 'rolling-back' end`;

const SETTINGS: Record<string, string> = {
  keep: `coalesce(one.keep::text, 'null')`,
  vmId: 's.vm_id',
  familyJson: 'to_json(s.family)',
};

/** Outlines of jobs and cutovers, from that of the servers. */
export function jobOutlineSql({ sizes }: FillInput): string {
  const { jobs, servers, runs } = sizes;
  const neighbours = Math.floor(neighbourServers(servers) / 2);
  // Twenty runs a job, some more and some less: what one has more, the next has less.
  const mean = Math.floor(runs / jobs);
  return `
create unlogged table bench.cutover as
  select i, i * 10 j, case when bench.unit(i, 71) between 0.95 and 0.955 then (array['final-run', 'check', 'stop-source', 'cut-over'])[1 + i % 4] end step,
    ${CUTOVER_STATES} state
  from generate_series(1, ${sizes.cutovers}) i where i * 10 <= ${jobs};
create unlogged table bench.job as
  select one.j, one.n, s.ws, bench.target(s.ws) target, s.connector_id, c.name connector_name, s.name, s.disks, s.family, c.silent, 'sms-job-' || bench.hex8(one.j) id,
    one.every, one.state, one.runs, one.keep, bench.unit(one.j, 72) since, ${sqlOf(settings, SETTINGS)}::jsonb settings,
    -- Its number among the jobs whose servers have as many disks.
    row_number() over (partition by s.disks order by one.j) - 1 nth,
    case when cut.state = 'active' and cut.step = 'final-run' then 'active' end open
  from (select j, case when j > ${jobs} then ${servers} + 2 * (j - ${jobs}) else 2 * j end n,
      case when state in ('completed', 'failed', 'pending') then null else (array[1, 4, 6, 8, 8, 12, 12, 12, 12, 24, 24, 24, 24, 24, 24, 24])[1 + bench.up_to(j, 73, 16)] end every,
      state, ${mean} + case when j % 2 = 0 then 1 else -1 end * bench.up_to(j / 2 * 2 + j % 2 * 2, 74, ${Math.floor(mean / 2)}) runs,
      case when bench.unit(j, 75) < 0.6 then 4 when bench.unit(j, 75) < 0.8 then 8 end keep
    from (select j, case when exists (select 1 from bench.cutover where cutover.j = number.j and cutover.state = 'finished') then 'deleted'
          when exists (select 1 from bench.cutover where cutover.j = number.j and cutover.state <> 'cancelled') or u < 0.88 then 'active'
          when u < 0.91 then 'failing' when u < 0.922 then 'paused-on-failure' when u < 0.93 then 'paused' when u < 0.97 then 'completed'
          when u < 0.98 then 'failed' when u < 0.99 then 'pending' else 'deleted' end state
        from (select j, bench.unit(j, 76) u from generate_series(1, ${jobs + neighbours}) j) number) with_state) one
  join bench.server s on s.n = one.n
  join bench.connector c on c.id = s.connector_id
  left join bench.cutover cut on cut.j = one.j;
update bench.job set open = 'active' where j in (select j from bench.job where open is null and not silent and state = 'active' and j <= ${jobs} and j % 10 > 0 order by bench.unit(j, 77) limit ${sizes.activeRuns});
update bench.job set open = 'queued' where j in (select j from bench.job where open is null and not silent and state = 'active' and j <= ${jobs} and j % 10 > 0 order by bench.unit(j, 78) limit ${sizes.queuedRuns});
update bench.job set open = 'waiting' where j in (select j from bench.job where open is null and silent and state = 'active' and j % 10 > 0 order by bench.unit(j, 79) limit ${sizes.waitingRuns});
create unique index on bench.job (j);
analyze bench.job;
analyze bench.cutover;`;
}

/** Outlines of runs, AMIs and instances, from those of the jobs. */
export function runOutlineSql({ sizes, now }: FillInput): string {
  const at = `${literal(now)}::timestamptz`;
  const { jobs } = sizes;
  return `
-- In the order of time, as rows come into being.
create unlogged table bench.run as
  select row_number() over (order by at, j) r, * from (
    select j, k, ${at} - case when open is null then since * coalesce(every, 24) else since * 0.2 end * interval '1 hour'
        - (k - 1) * coalesce(every, 24) * interval '1 hour' as at,
      case when k = 1 and open is not null then open
        when k = 1 and state in ('failing', 'failed') or k <= 3 and state = 'paused-on-failure' then 'failed'
        when k = 1 and state = 'pending' then 'cancelled'
        when k = 1 or u < 0.93 then 'completed' when u < 0.965 then 'failed' when u < 0.975 then 'cancelled' else 'missed' end state,
      case when k = runs or u2 < 0.02 then 'full' when j % 10 = 3 and u2 < 0.3 then 'compared' when j % 10 = 7 and disks > 1 and u2 < 0.5 then 'mixed' else 'delta' end kind,
      1 + bench.up_to(j * 64 + k, 82, ${FAILURES.length})::int failure, 120 + 3600 * power(bench.unit(j * 64 + k, 83), 3) seconds
    from (select j, k, since, every, open, state, runs, disks, bench.unit(j * 64 + k, 80) u, bench.unit(j * 64 + k, 81) u2 from bench.job, generate_series(1, runs) k) each_run) run;
create unique index on bench.run (r);
create unique index on bench.run (j, k);
analyze bench.run;
create unlogged table bench.newest as
  select j, run.r, run.at + interval '1 minute' taken_at
  from bench.job, lateral (select r, at from bench.run where run.j = job.j and state = 'completed' order by k limit 1) run;
-- AMIs: of the newest runs of each job. The first of these rows stand, the others were pruned.
create unlogged table bench.image as
  select m, r, j, neighbours, neighbours or m <= ${sizes.images} stands
  from (select row_number() over (partition by j > ${jobs} order by rank, r) m, r, j, j > ${jobs} neighbours
    from bench.job, lateral (select r, row_number() over (order by k) rank
      from (select r, k from bench.run where run.j = job.j and state = 'completed' order by k limit 6) newest) ranked) numbered
  where m <= ${Math.round(sizes.images * 1.2)};
create unique index on bench.image (neighbours, m);
create unlogged table bench.instance as
  select i, image.r, image.j,
    case when bench.unit(i, 115) < 0.12 then 'running' when bench.unit(i, 115) < 0.18 then 'stopped' when bench.unit(i, 115) < 0.96 then 'terminated' else 'failed' end state
  from generate_series(1, ${sizes.instances}) i
  join bench.image image on not image.neighbours and image.m = 1 + bench.up_to(i, 117, ${Math.floor(sizes.images * 0.9)});`;
}

export function jobsSql({ now }: FillInput): string {
  const at = `${literal(now)}::timestamptz`;
  return `
insert into replication_jobs (id, workspace_id, target_id, server_id, connector_id, connector_name, server_name, state, status_message, license, image_method, every_hours,
    seed_at, description, keep_images, next_run_at, latest_image_id, latest_image_at, failures_in_row, pause_after_failures, paused_at,
    launch_configuration, created_by, created_at, deleted_at)
  select job.id, job.ws, job.target, 's-' || bench.hex8(job.n), job.connector_id, job.connector_name, job.name, job.state,
    case when job.state = 'paused-on-failure' then 'Paused after 3 failed runs in a row. Resolve it, then resume the job.' end,
    'auto', 'auto', job.every, ${at} - interval '60 days', bench.pick(array['', '', '', 'Wave 1', 'Wave 2', 'Wave 3', 'Moves with its database'], job.j, 84), job.keep,
    case when job.state in ('active', 'failing') and job.every is not null then ${at} + interval '20 minutes' + (1 - job.since) * job.every * interval '1 hour' end,
    case when newest.r is not null then 'ami-0' || substr(bench.hex17(newest.r, 90), 1, 16) end, newest.taken_at,
    case job.state when 'failing' then 1 when 'failed' then 1 when 'paused-on-failure' then 3 else 0 end, 3,
    case when job.state in ('paused', 'paused-on-failure') then ${at} - interval '20 hours' * bench.unit(job.j, 85) end,
    case when job.j % 5 = 0 then '{"instanceType":"t3.medium","subnetId":"subnet-0a1b2c3d","securityGroupIds":["sg-0a1b2c3d"],"keyName":null,"publicAddress":false,"instanceProfile":null,"volumes":[],"tags":[],"userData":null}'::jsonb end,
    'member-' || bench.hex17(1 + job.j % 10, 3), ${at} - interval '61 days' + interval '40 days' * bench.unit(job.j, 86),
    case when job.state = 'deleted' then ${at} - interval '20 days' * bench.unit(job.j, 87) end
  from bench.job job left join bench.newest newest on newest.j = job.j;`;
}
