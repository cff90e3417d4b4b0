// SQL for what people did: instances and cutovers, the audit trail, and who they are.
import type { CutoverCheck, CutoverOptions, CutoverTimeline, Question } from '../../replication/model/cutover.ts';
import { fault } from '../../replication/model/fault.ts';
import type { InstanceState, LaunchInput } from '../../replication/model/instance.ts';
import type { FillInput } from './fill-inventory.ts';
import { json, literal, literals, sqlOf, text } from './template.ts';

const PEOPLE = ['Ada', 'Bela', 'Chiara', 'Dmitri', 'Emeka', 'Fatma', 'Greta', 'Hiro', 'Ines', 'Jonas'];

/** Ten people of the first workspace, beside those whom the first start makes; one of the neighbour's; and a target for each. */
export function peopleSql({ workspaceId, neighbourId }: FillInput): string {
  return `
insert into workspaces (id, name) values (${literal(neighbourId)}, 'Neighbour');
insert into aws_targets (id, workspace_id, name, created_by) select bench.target(id), id, 'Main', 'system' from workspaces;
insert into aws_target_places (target_id, revision, region, bucket) select id, revision, 'eu-central-1', 'landfall-staging' from aws_targets;
insert into users (id, email, name, password_hash)
  select 'user-' || bench.hex17(p, 2), lower(name) || '@example.com', name, '-' from unnest(${literals([...PEOPLE, 'Zoe'])}) with ordinality person (name, p);
insert into members (id, workspace_id, user_id, role)
  select 'member-' || bench.hex17(p, 3), case when p > ${PEOPLE.length} then ${literal(neighbourId)} else ${literal(workspaceId)} end, 'user-' || bench.hex17(p, 2),
    case when p % 3 = 0 then 'cutover-manager' else 'operator' end
  from generate_series(1, ${PEOPLE.length + 1}) p;`;
}

const launchInput: LaunchInput = {
  imageId: text('image'),
  instanceType: text('type'),
  subnetId: 'subnet-0a1b2c3d',
  securityGroupIds: ['sg-0a1b2c3d'],
  keyName: null,
  instanceProfile: null,
  publicAddress: false,
  volumes: [],
  tags: {
    Name: `${text('name')} (test)`,
    'migration:managed-by': 'landfall',
    'landfall:run': text('run'),
    'landfall:purpose': text('purpose'),
  },
  userData: null,
  token: text('id'),
};
const instanceState: InstanceState = {
  instanceId: text('instance'),
  imageId: text('image'),
  state: json('stateJson'),
  stateReason: null,
  instanceType: text('type'),
  privateAddress: text('address'),
  publicAddress: null,
  launchedAt: text('launchedAt'),
  systemStatus: 'ok',
  instanceStatus: 'ok',
};

/** Most are over; one in eight runs. */
export function instancesSql({ now }: FillInput): string {
  const at = `${literal(now)}::timestamptz`;
  const values = {
    image: 'image',
    type: 'type',
    name: 'name',
    run: 'run_id',
    purpose: 'purpose',
    id: 'id',
    instance: 'instance',
    stateJson: 'to_json(state)',
    address: `'10.200.' || i / 250 % 250 || '.' || 1 + i % 250`,
    launchedAt: 'bench.iso(launched)',
  };
  return `
insert into instances (id, workspace_id, instance_id, image_id, run_id, job_id, target_id, target_revision, name, purpose, input, state, detail, fault, launched_by, launched_at,
    terminated_at, checks_passed_at)
  select id, ws, case when state <> 'failed' then instance end, image, run_id, job_id, bench.target(ws), 1, name, purpose, ${sqlOf(launchInput, values)}::jsonb, state,
    case when state <> 'failed' then ${sqlOf(instanceState, values)}::jsonb end,
    case when state = 'failed' then ${literal(JSON.stringify(fault('aws-limit')))}::jsonb end,
    bench.pick(${literals(PEOPLE)}, i, 110), launched, case when state in ('terminated', 'failed') then launched + interval '5 hours' end,
    case when state <> 'failed' then launched + interval '4 minutes' end
  from (select i, job.ws, job.id job_id, job.name, 'launch-' || bench.hex17(i, 111) id, 'i-0' || bench.hex16(i, 112) instance, 'ami-0' || substr(bench.hex17(one.r, 90), 1, 16) image,
      'sms-run-' || bench.hex8(one.r) run_id, bench.pick(array['t3.small', 't3.medium', 't3.large', 'm6i.large', 'm6i.xlarge', 'r6i.xlarge'], i, 113) type,
      case when bench.unit(i, 114) < 0.85 then 'test' else 'final' end purpose,
      one.state,
      ${at} - interval '40 days' * power(bench.unit(i, 116), 2) launched
    from bench.instance one join bench.job job on job.j = one.j
    offset 0) v
  order by launched;`;
}

const options: CutoverOptions = {
  touchSource: true,
  shutdownMinutes: 10,
  checkMinutes: 20,
  consoleText: null,
  tcp: null,
};
const checks: CutoverCheck[] = [
  { id: 'last-run', label: 'Last run', state: 'pass', text: 'Completed 2 hours before.' },
  { id: 'launch-configuration', label: 'Launch configuration', state: 'pass', text: 't3.medium in subnet-0a1b2c3d.' },
  { id: 'connector', label: 'Connector', state: 'pass', text: 'It is healthy.' },
];
const done = (from: string, to: string) => ({ startedAt: text(from), endedAt: text(to), outcome: 'done' as const });
const whole: CutoverTimeline = {
  check: done('t0', 't1'),
  'stop-source': done('t1', 't2'),
  'final-run': done('t2', 't3'),
  launch: done('t3', 't4'),
  'check-instance': done('t4', 't5'),
  'cut-over': done('t5', 't6'),
  finish: done('t6', 't7'),
};
const question: Question = {
  number: 1,
  text: 'Has the instance taken over?',
  detail: 'Switch users, DNS or the load balancer to it, try the service, then cut over.',
  choices: ['cut-over'],
  askedAt: text('t5'),
};

export function cutoversSql({ now }: FillInput): string {
  const at = `${literal(now)}::timestamptz`;
  const values = Object.fromEntries(
    Array.from({ length: 8 }, (_, step) => [`t${step}`, `bench.iso(began + ${step} * interval '7 minutes')`]),
  );
  return `
insert into cutovers (id, workspace_id, job_id, server_name, state, step, options, start_at, checks, instance_checks, timeline, question, questions, waiting_for,
    final_run_id, source_stopped, downtime_started_at, downtime_ended_at, created_by, created_at, started_at, started_by, ended_at)
  select id, ws, job_id, name, state, step, ${literal(JSON.stringify(options))}::jsonb, case when manual then null when state = 'planned' then ${at} + interval '14 days' * bench.unit(i, 121) + interval '1 hour' else began end,
    case when state = 'planned' then '[]' else ${literal(JSON.stringify(checks))}::jsonb end, '[]',
    case when state in ('planned', 'cancelled') then '{}' when state = 'active' then (${sqlOf(whole, values)}::jsonb - array['launch', 'check-instance', 'cut-over', 'finish']) else ${sqlOf(whole, values)}::jsonb end,
    case when state = 'active' and step <> 'final-run' then ${sqlOf(question, values)}::jsonb end, case when state in ('planned', 'cancelled') then 0 else 1 end,
    case when state = 'active' and step = 'final-run' then 'Waits for the final run.' end,
    case when state = 'active' and step = 'final-run' then newest_run end,
    case when state not in ('planned', 'cancelled') then 'by-landfall' end,
    case when state not in ('planned', 'cancelled') then began + interval '7 minutes' end,
    case when state in ('cut-over', 'finished', 'rolled-back') then began + interval '42 minutes' end,
    bench.pick(${literals(PEOPLE)}, i, 122), began - interval '5 days', case when state not in ('planned', 'cancelled') then began end,
    case when state not in ('planned', 'cancelled') then bench.pick(${literals(PEOPLE)}, i, 123) end,
    case when state in ('finished', 'rolled-back', 'cancelled') then began + interval '1 hour' end
  from (select i, job.ws, job.id job_id, job.name, cut.state, 'cutover-' || bench.hex8(i) id, bench.unit(i, 124) < 0.3 manual,
      'sms-run-' || bench.hex8((select r from bench.run where run.j = job.j and run.k = 1)) newest_run,
      case when cut.state in ('active', 'rolling-back') then ${at} - interval '25 minutes' when cut.state = 'cut-over' then ${at} - interval '3 days' * bench.unit(i, 125)
        when cut.state = 'planned' then ${at} else ${at} - interval '30 days' * bench.unit(i, 126) end began,
      case cut.state when 'finished' then 'finish' when 'cut-over' then 'cut-over' when 'rolled-back' then 'start-source' when 'rolling-back' then 'start-source'
        when 'active' then cut.step else 'check' end step
    from bench.cutover cut join bench.job job on job.j = cut.j offset 0) v
  order by began;
insert into cutover_log (cutover_id, at, step, level, who, text)
  select cutovers.id, started_at + line * interval '6 minutes', 'check', case when line % 4 = 3 then 'decision' else 'info' end,
    case when line % 4 = 3 then started_by end, case when line % 4 = 3 then 'Cut over.' else 'The step has ended.' end
  from cutovers, generate_series(0, 7) line where started_at is not null;`;
}

/** Action, kind of subject, share of all rows; what the engine does by itself first. */
const ACTIONS: [string, string, number][] = [
  ['image.prune', 'image', 0.62],
  ['run.start', 'job', 0.11],
  ['job.edit', 'job', 0.07],
  ['job.create', 'job', 0.05],
  ['instance.launch-test', 'instance', 0.05],
  ['instance.terminate', 'instance', 0.04],
  ['job.pause', 'job', 0.015],
  ['job.resume', 'job', 0.015],
  ['run.cancel', 'run', 0.01],
  ['catalog.import', 'connector', 0.01],
  ['cutover.plan', 'cutover', 0.004],
  ['cutover.start', 'cutover', 0.003],
  ['cutover.decide', 'cutover', 0.002],
  ['connector.edit', 'connector', 0.001],
];

/** Rows of the audit trail by their numbers, in the order of time. */
export function auditSql({ sizes, workspaceId, neighbourId, now }: FillInput): string {
  let sum = 0;
  const bounds = ACTIONS.slice(0, -1).map(([, , share]) => {
    sum += share;
    return sum.toFixed(4);
  });
  return `
insert into audit (id, workspace_id, at, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, subject_name, before, after, address)
  select 100 + a, case when a % 200 = 0 then ${literal(neighbourId)} else ${literal(workspaceId)} end, ${literal(now)}::timestamptz - (${sizes.audit} - a) * interval '5 seconds',
    case when which = 1 then 'system' else 'member' end, case when which = 1 then 'Landfall worker' else 'member-' || bench.hex17(who, 3) end,
    case when which = 1 then 'Landfall worker' else (${literals(PEOPLE)})[who] end,
    (${literals(ACTIONS.map(([action]) => action))})[which], kind, case kind when 'job' then job.id when 'run' then 'sms-run-' || bench.hex8(a)
      when 'image' then 'ami-0' || substr(bench.hex17(a, 90), 1, 16) when 'instance' then 'launch-' || bench.hex17(a, 111) when 'cutover' then 'cutover-' || bench.hex8(a) else job.connector_id end,
    job.name, case when which = 3 then '{"everyHours":24,"keepImages":8}'::jsonb end,
    case which when 2 then jsonb_build_object('runId', 'sms-run-' || bench.hex8(a)) when 3 then '{"everyHours":12,"keepImages":4}'
      when 4 then '{"seedAt":null,"license":"auto","everyHours":12,"keepImages":4,"description":"","imageMethod":"auto","verification":null,"pauseAfterFailures":3}' end,
    case when which > 1 then '192.0.2.' || 10 + who end
  from (select a, which, (${literals(ACTIONS.map(([, kind]) => kind))})[which] kind, 1 + bench.up_to(a, 130, ${PEOPLE.length})::int who, 1 + bench.up_to(a, 131, ${sizes.jobs}) j
    from (select a, 1 + width_bucket(bench.unit(a, 132), array[${bounds.join(', ')}]::float8[]) which from generate_series(1::bigint, ${sizes.audit}) a) one offset 0) v
  join bench.job job on job.j = v.j
  order by a;`;
}

/** A few minutes of what screens were told of. */
export function eventsSql({ now, workspaceId }: FillInput): string {
  return `
insert into events (workspace_id, at, topic, subject_id, kind, data)
  select ${literal(workspaceId)}, ${literal(now)}::timestamptz - e * interval '2 seconds', 'runs', 'sms-run-' || bench.hex8(e), 'progress', null from generate_series(1, 500) e;`;
}
