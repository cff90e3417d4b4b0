// SQL for replication runs, made of their outline (fill-jobs.ts), and for what they left: AMIs, baselines, and the tasks, ledger
// and log of those that are open or ended lately.
import { fault } from '../../replication/model/fault.ts';
import { runPercent } from '../../replication/model/itinerary.ts';
import type { FillInput } from './fill-inventory.ts';
import { KINDS, progress, results, settings, timeline } from './run-documents.ts';
import { endedIn, FAILURES } from './run-failures.ts';
import { literal, literals, sqlOf } from './template.ts';

/** When its eleven steps began, as shares of the whole duration, and when the last one ended. */
const SHARES = [0, 0.01, 0.03, 0.05, 0.06, 0.5, 0.55, 0.8, 0.85, 0.87, 0.98, 1];

const DISKS = [0, 1, 2];
const VALUES: Record<string, string> = {
  keep: `coalesce(keep::text, 'null')`,
  vmId: 'vm_id',
  familyJson: 'to_json(family)',
  record: 'record',
  findings: `case when readiness = 'warnings' then record::jsonb -> 'findings' else '[]' end`,
  r: 'r',
  k: 'runs - k + 1',
  run: 'run_id',
  job: 'job_id',
  name: 'name',
  guestId: 'guest_id',
  guestName: 'guest_name',
  vcpus: 'vcpus',
  memoryMiB: 'memory',
  quiesced: `case when luck < 0.94 then 'true' else 'false' end`,
  notQuiesced: `case when luck < 0.94 then 'null' else '"VMware Tools did not answer in time."' end`,
  seconds: 'round((seconds * 0.44)::numeric, 2)',
  full: `case when luck between 0.5 and 0.55 then 'true' else 'false' end`,
  image: 'image',
  methodJson: `case when family like 'windows%' then '"import-image"' else '"register-image"' end`,
  note: "coalesce(to_json(note)::text, 'null')",
  share: 'share',
  rate: '31457280',
  left: 'round(1800 * (1 - share))',
  ...Object.fromEntries(
    SHARES.map((share, at) => [`t${at}`, `bench.iso(began + seconds * ${share} * interval '1 second')`]),
  ),
  ...Object.fromEntries(
    DISKS.flatMap((at) => [
      [`disk${at}`, `disk_ids[${at + 1}]`],
      [`capacity${at}`, `capacities[${at + 1}]`],
      [`parent${at}`, `bench.hex16(r * 4 + ${at}, 95)`],
      [`snapshot${at}`, `bench.hex16(r * 4 + ${at}, 96)`],
      [`root${at}`, `md5(r::text || 'a${at}') || md5(r::text || 'b${at}')`],
      [`change${at}`, `bench.changes(n, ${at})`],
      [`changed${at}`, `blocks${at} * 524288`],
      [`sent${at}`, `blocks${at} * 230000`],
      [`blocks${at}`, `blocks${at}`],
      [`used${at}`, `capacities[${at + 1}] / 4`],
      [`packed${at}`, `capacities[${at + 1}] / 9`],
      [`usedBlocks${at}`, `capacities[${at + 1}] / 2097152`],
      [`done${at}`, `round(capacities[${at + 1}] * share)`],
    ]),
  ),
};

const CANCELLED_IN = endedIn('copy-disks');

export const HELPERS_SQL = `
create function bench.hex16(n bigint, salt int) returns text language sql immutable parallel safe
  return substr(md5(n::text || '-' || salt::text), 1, 16);
create function bench.changes(n bigint, salt int) returns text language sql immutable parallel safe
  return overlay(md5(n::text || ':' || salt::text) placing ' ' from 9 for 1);
-- What a run never came to, by the number of its failure; number 0 is that of one that was cancelled, or copies now.
create unlogged table bench.failure as
  select number, fault::jsonb, step, percent, no_results, not_begun from (values
${[
  ...FAILURES.map((failure, at) => ({ at: at + 1, ...failure })),
  { at: 0, ...CANCELLED_IN, fault: fault('cancelled') },
]
  .map(
    ({ at, fault: why, step, percent, noResults, notBegun }) =>
      `    (${at}, ${literal(JSON.stringify(why))}, ${literal(step)}, ${percent}, ${literals(noResults)}, ${literals(notBegun)})`,
  )
  .join(',\n')}) one (number, fault, step, percent, no_results, not_begun);`;

/** What a run's documents need, of the outline's rows that `which` chooses. */
function described(which: string): string {
  return `(select run.*, 'sms-run-' || bench.hex8(run.r) run_id, job.id job_id, job.ws, job.connector_id, job.name, job.disks, job.family, job.every,
      job.runs, job.keep, s.n, s.vm_id, s.guest_id, s.guest_name, s.vcpus, s.memory, s.record, s.readiness, s.disk_ids, s.capacities,
      c.name connector_name, bench.unit(run.r, 91) luck, round(bench.unit(run.r, 92)::numeric, 3) share, substr(bench.hex17(run.r, 90), 1, 16) image,
      case when job.family like 'windows%' and bench.unit(run.r, 93) < 0.05 then 'VM Import took the second try.' end note,
      run.at + interval '3 seconds' began,
      ${DISKS.map((at) => `1 + bench.up_to(run.r * 4 + ${at}, 94, 4000) blocks${at}`).join(', ')},
      case when run.state = 'failed' then run.failure else 0 end ended_how
    from ${which} run join bench.job on job.j = run.j join bench.server s on s.n = job.n join bench.connector c on c.id = job.connector_id
    offset 0)`;
}

/**
 * Results are long (some 8 KiB, half of them the descriptor of the export), and PostgreSQL packs each before it stores it:
 * for a million that takes minutes. So the runs of a job that copied the same way share what one of them came to, which is
 * packed once and stored as often as there are runs. So do their time lines, but for the newest tenth of all runs; and what
 * the table works out of results is worked out once, by the table's own functions.
 */
export const PREPARE_RESULTS_SQL = `
create unlogged table bench.result (j bigint, kind text, document jsonb storage main, timeline jsonb, settings jsonb,
  copy_mode text, changed_bytes bigint, read_bytes bigint, sent_bytes bigint);
create unlogged table bench.first_of_kind as
  select distinct on (j, kind) * from bench.run order by j, kind, r;
create index on bench.first_of_kind (j);`;

/** Columns of replication_runs that are worked out of results, as those columns do it. */
export const OF_RESULTS: Record<string, (results: string) => string> = {
  copy_mode: (results) => `run_copy_mode(${results})`,
  changed_bytes: (results) => `run_disk_sum(${results}, '$."find-changes".disks[*].changedBytes')`,
  read_bytes: (results) => `run_disk_sum(${results}, '$."copy-disks".disks[*].bytesRead')`,
  sent_bytes: (results) => `run_disk_sum(${results}, '$."copy-disks".disks[*].bytesSent')`,
};

/** Results for the jobs from one number to another, both included. */
export function resultsSql(from: number, to: number): string {
  const document = `case kind ${KINDS.map(
    (kind) =>
      `when ${literal(kind)} then case disks ${[1, 2, 3]
        .filter((disks) => kind !== 'mixed' || disks > 1)
        .map((disks) => `when ${disks} then ${sqlOf(results(disks, kind), VALUES)}`)
        .join('\n')} end`,
  ).join('\n')} end::jsonb`;
  return `
insert into bench.result
  select j, kind, document, timeline, settings, ${Object.values(OF_RESULTS)
    .map((worked) => worked('document'))
    .join(', ')}
  from (select j, kind, ${document} document, ${sqlOf(timeline, VALUES)}::jsonb timeline, ${sqlOf(settings, VALUES)}::jsonb settings
    from ${described(`(select * from bench.first_of_kind where j between ${from} and ${to})`)} v offset 0) made;`;
}

/** Runs of the outline from one number to another, both included. */
export function runsSql(from: number, to: number): string {
  const progressed = `case disks ${[1, 2, 3].map((disks) => `when ${disks} then ${sqlOf(progress(disks), VALUES)}`).join('\n')} end::jsonb`;
  // A step that did not end has no end on the time line.
  const begun = (step: string, notBegun: string) =>
    `(${sqlOf(timeline, VALUES)}::jsonb - ${notBegun}) #- array[${step}, 'endedAt']`;
  return `
insert into replication_runs (id, workspace_id, target_id, target_revision, job_id, connector_id, server_name, type, state, settings, step, percent, progress,
    results, timeline, waiting_for, waiting_kind, fault, note, image_id, scheduled_for, started_at, ended_at, created_at,
    ${Object.keys(OF_RESULTS).join(', ')})
  select run_id, ws, bench.target(ws), 1, job_id, connector_id, name, case when every is null or luck < 0.04 then 'on-demand' else 'automatic' end,
    case state when 'queued' then 'pending' when 'waiting' then 'pending' else state end,
    result.settings,
    case state when 'completed' then 'prune-images' when 'failed' then failure.step when 'cancelled' then failure.step when 'active' then 'copy-disks' else 'check-server' end,
    case state when 'completed' then 100 when 'active' then ${runPercent('copy-disks', 0)} + ${runPercent('copy-disks', 1) - runPercent('copy-disks', 0)} * share
      when 'failed' then failure.percent when 'cancelled' then failure.percent + 20 else 0 end,
    case when state = 'active' then ${progressed} end,
    case when state = 'completed' then result.document
      when state in ('failed', 'cancelled', 'active') then result.document - failure.no_results else '{}' end,
    case when state = 'completed' then case when r > (select 0.9 * max(r) from bench.run) then ${sqlOf(timeline, VALUES)}::jsonb else result.timeline end
      when state in ('failed', 'cancelled', 'active') then ${begun('failure.step', 'failure.not_begun')} else '{}' end,
    case state when 'queued' then case when luck < 0.7 then 'Queued: the AWS target in eu-central-1 takes 20 runs at a time, and they are going.'
        else 'Queued: the connector ' || connector_name || ' takes 4 runs at a time, and they are going.' end
      when 'waiting' then 'Waits for the connector ' || connector_name || ': it no longer answers.' end,
    case when state in ('queued', 'waiting') then state end,
    case when state in ('failed', 'cancelled') then failure.fault end,
    case when state = 'completed' then note end,
    case when state = 'completed' then 'ami-0' || image end, at,
    case when state not in ('missed', 'queued', 'waiting') then began end,
    case when state = 'missed' then at when state not in ('active', 'queued', 'waiting') then began + seconds * interval '1 second' end, at,
    ${Object.entries(OF_RESULTS)
      .map(
        ([column, worked]) =>
          `case when state = 'completed' then result.${column} when state in ('failed', 'cancelled', 'active') then ${worked('result.document - failure.no_results')} end`,
      )
      .join(',\n    ')}
  from ${described(`(select * from bench.run where r between ${from} and ${to} order by r)`)} v
  left join bench.failure on failure.number = ended_how
  left join bench.result on result.j = v.j and result.kind = v.kind;`;
}

export function imagesSql({ now }: FillInput): string {
  return `
insert into images (id, workspace_id, target_id, target_revision, job_id, run_id, name, method, note, snapshot_ids, verified, point_in_time, created_at, pinned_at, deregistered_at, instance_count)
  select 'ami-0' || substr(bench.hex17(run.r, 90), 1, 16), job.ws, bench.target(job.ws), 1, job.id, 'sms-run-' || bench.hex8(run.r), job.name,
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
  order by run.r;
insert into baselines (job_id, disk_id, workspace_id, target_id, target_revision, run_id, capacity_bytes, change_id, snapshot_id, manifest_key, digest_root, digest_prefixes, point_in_time, moved_at)
  select job.id, s.disk_ids[d + 1], job.ws, bench.target(job.ws), 1, 'sms-run-' || bench.hex8(newest.r), s.capacities[d + 1], '52 ' || bench.changes(s.n, d) || '/1',
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
