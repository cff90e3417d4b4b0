// SQL for replication runs, made of their outline (fill-jobs.ts), and for what they left: AMIs, baselines, and the tasks, ledger
// and log of those that are open or ended lately.
import { fault } from '../../replication/model/fault.ts';
import { runPercent } from '../../replication/model/itinerary.ts';
import type { FillInput } from './fill-inventory.ts';
import { ITS_RESULTS, OF_RESULTS, TIMELINE_SQL } from './fill-results.ts';
import { progress } from './run-documents.ts';
import { literal, sqlOf } from './template.ts';

/** Of the active runs only: few of them are read again. */
const PROGRESS_SQL = `(select case s.disks ${[1, 2, 3]
  .map(
    (disks) =>
      `when ${disks} then ${sqlOf(progress(disks), {
        share: 'share',
        rate: '31457280',
        left: 'round(1800 * (1 - share))',
        ...Object.fromEntries(
          [0, 1, 2].flatMap((at) => [
            [`disk${at}`, `s.disk_ids[${at + 1}]`],
            [`capacity${at}`, `s.capacities[${at + 1}]`],
            [`done${at}`, `round(s.capacities[${at + 1}] * share)`],
          ]),
        ),
      })}`,
  )
  .join('\n')} end::jsonb from bench.server s where s.n = v.n)`;

/**
 * All runs of the outline, in the order of time. In one transaction that makes the table's files anew: what it writes into
 * these needs no log, and that is gigabytes. Meanwhile the columns that the table works out of results are taken as they are
 * given, and the primary key is left alone until all rows are in; there is no statement for either that leaves the table as the
 * migrations made it.
 */
export function runsSql(): string[] {
  const columns = Object.keys(OF_RESULTS).map(literal).join(', ');
  const workedOut = (how: string) =>
    `update pg_attribute set attgenerated = ${how} where attrelid = 'replication_runs'::regclass and attname in (${columns})`;
  return [
    'begin',
    'cluster replication_runs using replication_runs_pkey',
    'alter table replication_runs set without cluster',
    'set local allow_system_table_mods = on',
    workedOut("''"),
    "update pg_index set indisready = false, indisvalid = false where indexrelid = 'replication_runs_pkey'::regclass",
    // A hash join hands the runs on in their order.
    'set local enable_mergejoin = off',
    rowsSql(),
    'reindex index replication_runs_pkey',
    workedOut("'s'"),
    'commit',
  ];
}

function rowsSql(): string {
  const columns = Object.keys(OF_RESULTS);
  const began = "state in ('completed', 'failed', 'cancelled', 'active')";
  // The newest have their own times on their lines.
  const own = `state = 'active' or r > (select 0.98 * max(r) from bench.run)`;
  return `
insert into replication_runs (id, workspace_id, target_id, target_revision, job_id, connector_id, server_name, type, state, settings, step, percent, progress,
    results, timeline, waiting_for, waiting_kind, fault, note, image_id, scheduled_for, started_at, ended_at, created_at,
    ${columns.join(', ')})
  select 'sms-run-' || bench.hex8(r), ws, target, 1, job_id, connector_id, name, case when every is null or luck < 0.04 then 'on-demand' else 'automatic' end,
    case when state in ('queued', 'waiting') then 'pending' else state end, settings,
    case state when 'completed' then 'prune-images' when 'failed' then step when 'cancelled' then step when 'active' then 'copy-disks' else 'check-server' end,
    case state when 'completed' then 100::float8 when 'active' then ${runPercent('copy-disks', 0)} + ${runPercent('copy-disks', 1) - runPercent('copy-disks', 0)} * share::float8
      when 'failed' then percent when 'cancelled' then percent + 20 else 0 end,
    case when state = 'active' then ${PROGRESS_SQL} end,
    case when ${began} then results else '{}' end,
    case when ${began} then case when ${own} then
        case when state = 'completed' then ${TIMELINE_SQL}::jsonb else (${TIMELINE_SQL}::jsonb - not_begun) #- array[step, 'endedAt'] end
      else timeline end else '{}' end,
    case state when 'queued' then case when luck < 0.7 then 'Queued: the AWS target in eu-central-1 takes 20 runs at a time, and they are going.'
        else 'Queued: the connector ' || connector_name || ' takes 4 runs at a time, and they are going.' end
      when 'waiting' then 'Waits for the connector ' || connector_name || ': it no longer answers.' end,
    case when state in ('queued', 'waiting') then state end,
    case when state in ('failed', 'cancelled') then fault end,
    case when state = 'completed' and family like 'windows%' and bench.unit(r, 93) < 0.05 then 'VM Import took the second try.' end,
    case when state = 'completed' then 'ami-0' || substr(bench.hex17(r, 90), 1, 16) end, at,
    case when state not in ('missed', 'queued', 'waiting') then began end,
    case when state = 'missed' then at when state not in ('active', 'queued', 'waiting') then began + seconds * interval '1 second' end, at,
    ${columns.map((column) => `case when ${began} then ${column} end`).join(', ')}
  from (select run.r, run.at, run.state, run.seconds, run.at + interval '3 seconds' began, bench.unit(run.r, 91) luck,
      case when run.state = 'active' then round(bench.unit(run.r, 92)::numeric, 3) end share,
      job.n, job.id job_id, job.ws, job.target, job.connector_id, job.connector_name, job.name, job.family, job.every, job.settings,
      failure.step, failure.percent, failure.fault, failure.not_begun, result.results, result.timeline, ${columns.map((column) => `result.${column}`).join(', ')}
    from (select * from bench.run order by r) run join bench.job on job.j = run.j
    left join bench.failure on failure.number = case when run.state = 'failed' then run.failure else 0 end
    left join bench.result on ${ITS_RESULTS}
    offset 0) v;`;
}

export function imagesSql({ now }: FillInput): string {
  return `
insert into images (id, workspace_id, target_id, target_revision, job_id, run_id, name, method, note, snapshot_ids, verified, point_in_time, created_at, pinned_at, deregistered_at, instance_count)
  select 'ami-0' || substr(bench.hex17(run.r, 90), 1, 16), job.ws, job.target, 1, job.id, 'sms-run-' || bench.hex8(run.r), job.name,
    case when job.family like 'windows%' then 'import-image' else 'register-image' end,
    case when job.family like 'windows%' and bench.unit(run.r, 93) < 0.05 then 'VM Import took the second try.' end,
    (select jsonb_agg('snap-0' || bench.hex16(run.r * 4 + d, 96)) from generate_series(0, job.disks - 1) d),
    case when run.k < 15 then jsonb_build_object('full', bench.unit(run.r, 91) between 0.5 and 0.55, 'blocks', 20000 * job.disks, 'checked', 48 * job.disks) end,
    run.at + interval '1 minute', run.at + run.seconds * interval '1 second',
    case when image.stands and bench.unit(run.r, 97) < 0.01 then run.at + interval '1 day' end,
    case when not image.stands then ${literal(now)}::timestamptz - interval '1 hour' * bench.up_to(run.r, 98, 400) end,
    coalesce(launched.n, 0)
  from bench.image join bench.run on run.r = image.r join bench.job on job.j = run.j
  left join (select r, count(*) n from bench.instance where state in ('running', 'stopped') group by r) launched on launched.r = run.r
  order by run.r;`;
}

/** What the next delta of each disk is measured from: of the newest run of each job. */
export function baselinesSql(): string {
  return `
insert into baselines (job_id, disk_id, workspace_id, target_id, target_revision, run_id, capacity_bytes, change_id, snapshot_id, manifest_key, digest_root, digest_prefixes, point_in_time, moved_at)
  select job.id, s.disk_ids[d + 1], job.ws, job.target, 1, 'sms-run-' || bench.hex8(newest.r), s.capacities[d + 1], '52 ' || bench.changes(s.n, d) || '/1',
    'snap-0' || bench.hex16(newest.r * 4 + d, 96), 'landfall-digests/' || job.id || '/manifest', md5(newest.r::text || 'a' || d) || md5(newest.r::text || 'b' || d),
    jsonb_build_array('landfall-digests/' || job.id || '/'), newest.taken_at, newest.taken_at
  from bench.newest join bench.job on job.j = newest.j join bench.server s on s.n = job.n, generate_series(0, job.disks - 1) d
  where job.state <> 'deleted';`;
}

/** What stands around runs that go on or ended within the last hours, and what some old ones could not take away. */
export function aroundRunsSql({ sizes, now, workspaceId }: FillInput): string {
  const at = `${literal(now)}::timestamptz`;
  return `
create unlogged table bench.recent as
  select run.r, run.at, run.state, run.seconds, 'sms-run-' || bench.hex8(run.r) run_id, job.id job_id, job.ws, job.connector_id, job.name, 'vm-' || job.n vm_id, job.j
  from bench.run join bench.job on job.j = run.j where run.at > ${at} - interval '2 hours' or run.state in ('active', 'queued', 'waiting');
insert into tasks (id, workspace_id, kind, place, connector_id, run_id, step_id, state, attempt, fence, holder, lease_until, not_before, created_at, ended_at)
  select 'task-' || bench.hex17(r * 16 + step.number, 100), ws, 'step', step.place, case when step.place = 'connector' then connector_id end, run_id, step.id,
    case when state = 'active' and step.id = 'copy-disks' then 'open' else 'done' end, 1, 1,
    case when state = 'active' and step.id = 'copy-disks' then connector_id || '/3' end,
    case when state = 'active' and step.id = 'copy-disks' then ${at} + interval '1 day' end, at, at,
    case when state = 'active' and step.id = 'copy-disks' then null else at + seconds * 0.1 * step.number * interval '1 second' end
  from bench.recent join (values (0, 'check-server', 'connector'), (1, 'take-snapshot', 'connector'), (2, 'find-changes', 'connector'), (3, 'start-snapshots', 'cloud'),
      (4, 'copy-disks', 'connector'), (5, 'release-snapshot', 'connector'), (6, 'make-snapshots', 'cloud'), (7, 'verify', 'cloud'),
      (8, 'delete-staging', 'cloud'), (9, 'create-image', 'cloud'), (10, 'prune-images', 'cloud')) step (number, id, place)
    on state = 'completed' or state = 'active' and step.number <= 4;
insert into artifacts (id, workspace_id, target_id, target_revision, run_id, connector_id, kind, token, state, external_id, fence, details, created_at, released_at)
  select 'art-' || bench.hex17(r * 4 + kind.number, 101), ws, bench.target(ws), 1, run_id, case when kind.number < 2 then connector_id end, kind.name, run_id || kind.suffix,
    case when kind.kept or state = 'active' then 'created' else 'released' end,
    case kind.name when 'image' then 'ami-0' || substr(bench.hex17(r, 90), 1, 16) when 'ebs-snapshot' then 'snap-0' || bench.hex16(r * 4, 96) else 'snapshot-' || r end,
    1, jsonb_build_object('name', 'landfall-' || run_id, 'vmId', vm_id), at, case when kind.kept or state = 'active' then null else at + interval '10 minutes' end
  from bench.recent join (values (0, 'vsphere-snapshot', '-snapshot', false), (1, 's3-object', '-object', false), (2, 'ebs-snapshot', '-ebs', true), (3, 'image', '-image', true)) kind (number, name, suffix, kept)
    on state = 'completed' or state = 'active' and kind.number < 1;
insert into run_log (run_id, at, level, step, text)
  select run_id, at + line.number * interval '5 seconds', line.level, line.step, line.text
  from bench.recent join (values (1, 'info', 'take-snapshot', 'Snapshot taken with the guest quiesced.'), (2, 'info', 'find-changes', 'Hard disk 1: only what changed is copied.'),
      (3, 'info', 'copy-disks', 'Little of the disks is read.'), (4, 'info', 'copy-disks', 'Hard disk 1: 512.0 MiB read, 230.1 MiB sent in 31.0 s.'),
      (5, 'info', 'make-snapshots', 'Hard disk 1: the snapshot is complete.'), (6, 'info', null, 'Completed')) line (number, level, step, text)
    on state = 'completed' or state = 'active' and line.number <= 3
  order by at, r, line.number;
insert into artifacts (id, workspace_id, target_id, target_revision, run_id, connector_id, kind, token, state, external_id, fence, details, created_at, release_fault, release_attempts, release_not_before)
  select 'art-' || bench.hex17(r * 4, 102), ws, bench.target(ws), 1, run_id, connector_id, 'vsphere-snapshot', run_id || '-left', 'created', 'snapshot-' || r, 1,
    jsonb_build_object('name', 'landfall-' || run_id, 'vmId', vm_id), at, ${literal(JSON.stringify(fault('snapshot-removal-failed')))}::jsonb, 12, ${at} + interval '1 day'
  from (select 'sms-run-' || bench.hex8(run.r) run_id, run.r, run.at, job.ws, job.connector_id, 'vm-' || job.n vm_id
    from bench.run join bench.job on job.j = run.j where run.state = 'failed' and job.ws = ${literal(workspaceId)}
    order by bench.unit(run.r, 103) limit ${sizes.leftOvers}) old;`;
}
