// The lists of the console and what people ask of them: every column sorted both ways and filtered by values that most, some,
// one and none of the rows have; free text; pages at the beginning, at row 10,000 and at the end.
import { LONELY_SERVER } from './fill-inventory.ts';
import type { Procedure } from './web.ts';

export interface Query {
  page: number;
  pageSize: number;
  cursor: string | null;
  sort: { by: string; descending: boolean } | null;
  filter: { operation: 'and'; tokens: Token[] };
}
export interface Token {
  property?: string;
  operator: string;
  value: string;
}

interface Column {
  kind: 'text' | 'choice' | 'number' | 'date';
  /** Text: in many rows, in few, and a query for the whole text of one row. Choice: an often and a seldom value. Number: low and high. */
  values: [string, string];
  one?: string;
  /** The table is only filtered by it. */
  notSorted?: true;
}

export interface List {
  procedure: Procedure;
  sort: { by: string; descending: boolean };
  columns: Record<string, Column>;
  /** Words that many rows have, and few. */
  words: [string, string];
  /** More input, by SQL. */
  more?: { name: string; sql: string };
}

const text = (many: string, few: string, one?: string): Column => ({
  kind: 'text',
  values: [many, few],
  ...(one ? { one } : {}),
});
const onlyFiltered = (column: Column): Column => ({ ...column, notSorted: true });
const choice = (often: string, seldom: string): Column => ({ kind: 'choice', values: [often, seldom] });
const number = (low: string, high: string): Column => ({ kind: 'number', values: [low, high] });
const date: Column = { kind: 'date', values: ['', ''] };
const mine = `workspace_id = (select id from workspaces where name = 'Main')`;
const one = (column: string, table: string) =>
  `select ${column} as value from ${table} where ${mine} and ${column} is not null order by id offset 7 limit 1`;

const RUN_COLUMNS: Record<string, Column> = {
  id: text('sms-run-0', 'sms-run-00f', one('id', 'replication_runs')),
  server: text('web', LONELY_SERVER.slice(0, 7), one('server_name', 'replication_runs')),
  job: text('sms-job-0', 'sms-job-00f', one('job_id', 'replication_runs')),
  type: choice('automatic', 'on-demand'),
  state: choice('completed', 'active'),
  image: text('ami-00', 'ami-00ff', one('image_id', 'replication_runs')),
  queue: choice('queued', 'waiting'),
  scheduledFor: date,
  startedAt: date,
  duration: number('130', '3700'),
  copyMode: choice('delta', 'mixed'),
  changed: number('10', '4500'),
  read: number('10', '100000'),
  sent: number('10', '100000'),
};

export const LISTS: Record<string, List> = {
  servers: {
    procedure: 'servers.list',
    sort: { by: 'name', descending: false },
    words: ['web', 'lonely'],
    columns: {
      name: text('web', 'fra-0000', `select '${LONELY_SERVER}' as value`),
      id: text('s-0', 's-00f', one('id', 'servers')),
      power: choice('on', 'suspended'),
      guest: text('Linux', 'Other'),
      family: choice('linux', 'windows-client'),
      vcpus: number('1', '8'),
      memoryMiB: number('1024', '32768'),
      disks: number('0', '2'),
      diskBytes: number('1', '1000000000000'),
      address: text('10.0', '10.0.7.', one('address', 'servers')),
      path: text('Production', LONELY_SERVER, one('path', 'servers')),
      host: text('esx-1', 'esx-1.fra', one('host', 'servers')),
      connector: text('vc-0', 'vc-07', `select 'vc-07' as value`),
      readiness: choice('ready', 'blocked'),
      replication: choice('active', 'paused-on-failure'),
      lastSeenAt: date,
    },
  },
  jobs: {
    procedure: 'jobs.list',
    sort: { by: 'createdAt', descending: true },
    words: ['web', 'fra-00000'],
    columns: {
      id: text('sms-job-0', 'sms-job-00f', one('id', 'replication_jobs')),
      server: text('web', 'fra-0000', one('server_name', 'replication_jobs')),
      state: choice('active', 'paused-on-failure'),
      description: onlyFiltered(text('Wave', 'Moves with', one('description', 'replication_jobs'))),
      connector: text('vc-0', 'vc-07', `select 'vc-07' as value`),
      image: text('ami-00', 'ami-00ff', one('latest_image_id', 'replication_jobs')),
      frequency: number('1', '23'),
      lag: number('1', '47'),
      latestImageAt: date,
      nextRunAt: date,
      createdAt: date,
    },
  },
  connectors: {
    procedure: 'connectors.list',
    sort: { by: 'name', descending: false },
    words: ['vc', 'vc-07'],
    columns: {
      name: text('vc', 'vc-07', `select 'vc-07' as value`),
      id: text('c-', 'c-00', one('id', 'connectors')),
      vmManager: text('vc', 'vc-07', one('vm_manager_url', 'connectors')),
      type: choice('vsphere', 'vsphere'),
      status: choice('healthy', 'unhealthy'),
      version: text('0', '0.1', one('version', 'connectors')),
      host: text('vc', 'vc-07', one('host', 'connectors')),
      servers: number('1', '100000'),
      jobs: number('1', '100000'),
      runs: number('0', '3'),
      lastSeenAt: date,
      associatedAt: date,
    },
  },
  runs: {
    procedure: 'runs.list',
    sort: { by: 'scheduledFor', descending: true },
    words: ['web', 'lonely'],
    columns: RUN_COLUMNS,
  },
  "one job's runs": {
    procedure: 'runs.list',
    sort: { by: 'scheduledFor', descending: true },
    words: ['delta', 'sms-run-00'],
    columns: RUN_COLUMNS,
    more: {
      name: 'jobId',
      sql: `select id as value from replication_jobs where ${mine} and deleted_at is null order by id offset 11 limit 1`,
    },
  },
  images: {
    procedure: 'images.list',
    sort: { by: 'createdAt', descending: true },
    words: ['web', 'fra-00000'],
    columns: {
      id: text('ami-00', 'ami-00ff', one('id', 'images')),
      name: text('web', 'fra-0000', one('name', 'images')),
      job: text('sms-job-0', 'sms-job-00f', one('job_id', 'images')),
      run: text('sms-run-0', 'sms-run-00f', one('run_id', 'images')),
      method: choice('register-image', 'import-image'),
      verified: choice('sampled', 'full'),
      instances: number('-1', '1'),
      pinned: choice('no', 'yes'),
      pointInTime: date,
      createdAt: date,
    },
  },
  instances: {
    procedure: 'instances.list',
    sort: { by: 'launchedAt', descending: true },
    words: ['web', 'fra-00000'],
    columns: {
      id: onlyFiltered(text('i-0', 'i-00ff', one('instance_id', 'instances'))),
      name: text('web', 'fra-0000', one('name', 'instances')),
      image: text('ami-00', 'ami-00ff', one('image_id', 'instances')),
      run: onlyFiltered(text('sms-run-0', 'sms-run-00f', one('run_id', 'instances'))),
      purpose: choice('test', 'final'),
      state: choice('terminated', 'failed'),
      type: text('t3', 'r6i', `select 't3.small' as value`),
      privateAddress: text('10.200', '10.200.7.', `select '10.200.7.7' as value`),
      publicAddress: text('10', '10.7', `select '10.7.7.7' as value`),
      launchedBy: text('a', 'Hiro', `select 'Hiro' as value`),
      launchedAt: date,
    },
  },
  cutovers: {
    procedure: 'cutovers.list',
    sort: { by: 'createdAt', descending: true },
    words: ['web', 'fra-00000'],
    columns: {
      id: text('cutover-0', 'cutover-00f', one('id', 'cutovers')),
      server: text('web', 'fra-0000', one('server_name', 'cutovers')),
      state: choice('finished', 'active'),
      job: onlyFiltered(text('sms-job-0', 'sms-job-00f', one('job_id', 'cutovers'))),
      startAt: date,
      createdBy: text('a', 'Hiro', `select 'Hiro' as value`),
      createdAt: date,
      endedAt: date,
    },
  },
  activity: {
    procedure: 'activity.list',
    sort: { by: 'at', descending: true },
    words: ['web', 'lonely'],
    columns: {
      at: date,
      actor: text('Landfall', 'Hiro', `select 'Hiro' as value`),
      action: choice('image.prune', 'connector.edit'),
      subjectKind: choice('image', 'cutover'),
      subject: text('web', 'fra-0000', one('subject_name', 'audit')),
      subjectId: onlyFiltered(text('ami-0', 'ami-00ff', one('subject_id', 'audit'))),
      address: text('192', '192.0.2.13', `select '192.0.2.13' as value`),
    },
  },
};

export const sortedColumns = ({ columns }: List): string[] =>
  Object.keys(columns).filter((by) => !columns[by]?.notSorted);

/** No row has it, in any column. */
const NOWHERE = 'zzqx';
const DAY_MS = 86_400_000;

/** Conditions on a column: those that most rows meet, some, one and none, by every operator that its kind has. */
export function conditionsOn(by: string, column: Column, exact: string | undefined, now: number): Token[] {
  const [low, high] = column.values;
  const is = (operator: string, value: string): Token => ({ property: by, operator, value });
  const day = (days: number) => new Date(now + days * DAY_MS).toISOString();
  switch (column.kind) {
    case 'text': {
      const whole = exact ?? low;
      return [
        is('=', whole),
        is('!=', whole),
        is('=', NOWHERE),
        is(':', low),
        is(':', high),
        is('!:', low),
        is(':', NOWHERE),
        is('^', low),
        is('^', high),
      ];
    }
    case 'choice':
      return [is('=', low), is('!=', low), is('=', high), is('!=', high), is('=', NOWHERE)];
    case 'number':
      return [is('>', low), is('<=', low), is('>=', high), is('=', low), is('<', '-1000')];
    default:
      return [is('>=', day(-365)), is('>=', day(-0.2)), is('<', day(-20)), is('>=', day(300)), is('<', day(-3000))];
  }
}

export const freeText = ([many, few]: List['words']): Token[] =>
  [many, few, NOWHERE, many.slice(0, 2)].map((value) => ({ operator: ':', value }));

export function query(list: List, change: Partial<Omit<Query, 'filter'>> & { tokens?: Token[] } = {}): Query {
  const { tokens = [], ...rest } = change;
  return { page: 1, pageSize: 20, cursor: null, sort: list.sort, ...rest, filter: { operation: 'and', tokens } };
}
