// SQL for what runs came to: the long documents of their results, made for some jobs and shared by others, and the values that
// stand in them.
import { fault } from '../../replication/model/fault.ts';
import { FINDINGS_SQL, RECORD_SQL } from './fill-inventory.ts';
import { type Kind, results, timeline } from './run-documents.ts';
import { endedIn, FAILURES } from './run-failures.ts';
import { literal, literals, sqlOf } from './template.ts';

/** When its eleven steps began, as shares of the whole duration, and when the last one ended. */
const SHARES = [0, 0.01, 0.03, 0.05, 0.06, 0.5, 0.55, 0.8, 0.85, 0.87, 0.98, 1];
const TIMES = Object.fromEntries(
  SHARES.map((share, at) => [`t${at}`, `bench.iso(began + seconds * ${share} * interval '1 second')`]),
);
/** The time line of a run that went to its end, as JSON text, from `began` and `seconds`. */
export const TIMELINE_SQL = sqlOf(timeline, TIMES);

const DISKS = [0, 1, 2];
const VALUES: Record<string, string> = {
  record: RECORD_SQL,
  findings: `case when readiness = 'warnings' then ${FINDINGS_SQL} else '[]' end`,
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
  ...TIMES,
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
    ]),
  ),
};

/** Columns of replication_runs that are worked out of results, as those columns do it. */
export const OF_RESULTS: Record<string, (results: string) => string> = {
  copy_mode: (results) => `run_copy_mode(${results})`,
  changed_bytes: (results) => `run_disk_sum(${results}, '$."find-changes".disks[*].changedBytes')`,
  read_bytes: (results) => `run_disk_sum(${results}, '$."copy-disks".disks[*].bytesRead')`,
  sent_bytes: (results) => `run_disk_sum(${results}, '$."copy-disks".disks[*].bytesSent')`,
};

/** How many jobs share the results of one of them, for runs that went to their end and copied in a usual way, … */
const SHARED_BY = 20;
const USUAL: readonly Kind[] = ['full', 'delta'];
/** … and for all others. */
const SELDOM_SHARED_BY = 200;

const HELPERS_SQL = `
create function bench.hex16(n bigint, salt int) returns text language sql immutable parallel safe
  return substr(md5(n::text || '-' || salt::text), 1, 16);
create function bench.changes(n bigint, salt int) returns text language sql immutable parallel safe
  return overlay(md5(n::text || ':' || salt::text) placing ' ' from 9 for 1);
-- What a run never came to, by the number of its failure; number 0 is that of one that was cancelled, or copies now.
create unlogged table bench.failure as
  select number, fault::jsonb, step, percent, no_results, not_begun from (values
${[
  ...FAILURES.map((failure, at) => ({ at: at + 1, ...failure })),
  { at: 0, ...endedIn('copy-disks'), fault: fault('cancelled') },
]
  .map(
    ({ at, fault: why, step, percent, noResults, notBegun }) =>
      `    (${at}, ${literal(JSON.stringify(why))}, ${literal(step)}, ${percent}, ${literals(noResults)}, ${literals(notBegun)})`,
  )
  .join(',\n')}) one (number, fault, step, percent, no_results, not_begun);
analyze bench.failure;`;

/**
 * Results are long (some 8 KiB, half of them the descriptor of the export), and PostgreSQL packs each before it stores it:
 * for a million that takes minutes. So runs share them, with those of other jobs too whose servers have as many disks; they are
 * packed once and stored as often as there are runs. So are time lines; and what the table works out of results is worked
 * out once, by the table's own functions. All of it stays within its row (`main`): fetched from outside, it would cost more
 * than the rest of a run.
 */
export const PREPARE_RESULTS_SQL = `${HELPERS_SQL}
create unlogged table bench.result (disks int, nth bigint, kind text, step text, results jsonb storage main, timeline jsonb storage main,
  copy_mode text, changed_bytes bigint, read_bytes bigint, sent_bytes bigint);`;

const WORKED_OUT = Object.values(OF_RESULTS)
  .map((worked) => worked('results'))
  .join(', ');

/** Results of runs that went to their end, in one way of copying. */
export function resultsSql(kind: Kind): string {
  const possible = [1, 2, 3].filter((disks) => kind !== 'mixed' || disks > 1);
  const document = `case disks ${possible.map((disks) => `when ${disks} then ${sqlOf(results(disks, kind), VALUES)}`).join('\n')} end::jsonb`;
  const sharedBy = USUAL.includes(kind) ? SHARED_BY : SELDOM_SHARED_BY;
  // As if the oldest run of each of these jobs had copied so.
  return `
insert into bench.result
  select disks, nth, ${literal(kind)}, '', results, timeline, ${WORKED_OUT}
  from (select disks, nth, ${document} results, ${TIMELINE_SQL}::jsonb timeline
    from (select s.*, job.id job_id, job.runs, job.nth, run.r, run.k, run.seconds, run.at + interval '3 seconds' began, 'sms-run-' || bench.hex8(run.r) run_id,
        bench.unit(run.r, 91) luck, substr(bench.hex17(run.r, 90), 1, 16) image, null::text note,
        ${DISKS.map((at) => `1 + bench.up_to(run.r * 4 + ${at}, 94, 4000) blocks${at}`).join(', ')}
      from bench.job join bench.server s on s.n = job.n join bench.run on run.j = job.j and run.k = job.runs
      where job.nth % ${sharedBy} = 0 and job.disks >= ${possible[0]} offset 0) described offset 0) made;`;
}

/** Results of runs that ended early, made of those that did not. */
export const CUT_RESULTS_SQL = `
insert into bench.result
  select disks, nth, kind, step, results, timeline, ${WORKED_OUT}
  from (select disks, nth, kind, failure.step, results - no_results results,
      -- A step that did not end has no end on the time line.
      (timeline - not_begun) #- array[failure.step, 'endedAt'] timeline
    from bench.result, (select distinct step, no_results, not_begun from bench.failure) failure
    where nth % ${SELDOM_SHARED_BY} = 0 offset 0) made;
create unique index on bench.result (disks, nth, kind, step);
analyze bench.result;`;

/** Which results are those of a run of the outline, by columns of it, of its job and of how it ended. */
export const ITS_RESULTS = `result.disks = job.disks and result.kind = run.kind
  and result.nth = job.nth - job.nth % case when run.state = 'completed' and run.kind in (${USUAL.map(literal).join(', ')}) then ${SHARED_BY} else ${SELDOM_SHARED_BY} end
  and result.step = case when run.state = 'completed' then '' else failure.step end`;
