// Rows about answers of the API: every list in every way, single things, the overview.
import { loadavg } from 'node:os';
import { sqlOnce } from './database.ts';
import { conditionsOn, freeText, LISTS, type List, query, sortedColumns } from './lists.ts';
import { type Patience, type Timed, timeOf } from './timing.ts';
import type { Procedure, SignedIn } from './web.ts';

/** What was measured under one aim; the worst of `asked` stands for it. */
export interface ConsoleRow {
  name: string;
  /** Milliseconds at the 95th percentile. */
  aim: number;
  asked: Timed[];
  load: number;
}

/** A question by itself, to be asked again. */
export interface Asked extends Question {
  row: string;
  p95: number;
}

export interface Bench {
  web: SignedIn;
  databaseUrl: string;
  patience: Patience;
  show(row: ConsoleRow): void;
  /** Every question, as it was asked. */
  asked: Asked[];
}

const LIST_AIM_MS = 50;
const OVERVIEW_AIM_MS = 100;
const SEARCH_AIM_MS = 100;
/** Named beside the lists. */
export const SEARCH = 'search';
/** Row 10,000 by pages of twenty: the last that has a number. */
const LAST_NUMBERED_PAGE = 500;
const BY_CURSOR = 5;

type Input = Record<string, unknown>;
interface Page {
  items: unknown[];
  total: number;
  next?: string | null;
}

export async function measureAnswers(bench: Bench, only: readonly string[] | null): Promise<void> {
  for (const [name, list] of Object.entries(LISTS))
    if (!only || only.includes(name)) await measureList(bench, name, list);
  if (!only || only.includes(SEARCH)) await row(bench, 'search', SEARCH_AIM_MS, await searches(bench));
  if (only) return;
  for (const { name, procedure, input } of await things(bench))
    await row(bench, name, LIST_AIM_MS, [{ name, procedure, input }]);
  await row(bench, 'overview', OVERVIEW_AIM_MS, [{ name: 'overview', procedure: 'overview.get', input: undefined }]);
  await row(bench, 'needs attention', OVERVIEW_AIM_MS, [
    { name: 'all of it', procedure: 'attention.list', input: undefined },
    { name: 'their number, for the bar of every page', procedure: 'attention.count', input: undefined },
  ]);
  await row(bench, 'left-overs', OVERVIEW_AIM_MS, [
    { name: 'left-overs', procedure: 'overview.leftOvers', input: undefined },
  ]);
}

interface Question {
  name: string;
  procedure: Procedure;
  input: Input | undefined;
}

async function measureList(bench: Bench, name: string, list: List): Promise<void> {
  const more: Input = {};
  if (list.more) more[list.more.name] = await oneValue(bench, list.more.sql);
  const ask = (what: string, change: Parameters<typeof query>[1] = {}): Question => ({
    name: what,
    procedure: list.procedure,
    input: { ...query(list, change), ...more },
  });
  const list_ = (what: string, questions: Question[]) => row(bench, `${name}: ${what}`, LIST_AIM_MS, questions);

  await list_('first page', [ask('20 rows'), ask('100 rows', { pageSize: 100 })]);
  await list_(
    'other sorts',
    sortedColumns(list).flatMap((by) =>
      [false, true].map((descending) =>
        ask(`by ${by}, ${descending ? 'descending' : 'ascending'}`, { sort: { by, descending } }),
      ),
    ),
  );
  const filters: Question[] = [];
  for (const [by, column] of Object.entries(list.columns)) {
    const exact = column.one ? await oneValue(bench, column.one) : undefined;
    for (const token of conditionsOn(by, column, exact, Date.now()))
      filters.push(ask(`${by} ${token.operator} ${token.value}`, { tokens: [token] }));
  }
  await list_('filters', filters);
  await list_(
    'free text',
    freeText(list.words).map((token) => ask(`text ${token.value}`, { tokens: [token] })),
  );
  await list_('later pages', await laterPages(bench, list, ask));
}

/** The second page, the last that has a number, and those behind it as far as the list can be followed. */
async function laterPages(
  { web, patience }: Bench,
  list: List,
  ask: (what: string, change?: Parameters<typeof query>[1]) => Question,
): Promise<Question[]> {
  const first = ask('page 2', { page: 2 });
  const { total, ...page } = (await web
    .ask(list.procedure, { ...first.input, page: 1 }, patience.longest * 6)
    .catch(() => ({ items: [], total: 0 }))) as Page;
  if (total <= 20) return [first];
  const pages = Math.ceil(total / 20);
  const numbered = Math.min(pages, LAST_NUMBERED_PAGE);
  const questions = [first, ask(`page ${numbered}`, { page: numbered })];
  if (!('next' in page))
    return pages > numbered ? [...questions, ask(`page ${pages}, the last`, { page: pages })] : questions;
  let at = numbered;
  let cursor: string | null = null;
  for (let step = 0; step <= BY_CURSOR; step += 1) {
    const change = { page: at, cursor };
    const { next } = (await web.ask(list.procedure, ask('', change).input, patience.longest)) as Page;
    if (!next) break;
    [at, cursor] = [at + 1, next];
    questions.push(ask(`page ${at}, by cursor`, { page: at, cursor }));
  }
  // From the other end, for whoever turns the order about to see the last rows.
  questions.push(
    ask('the last rows, by turning the order', { sort: { ...list.sort, descending: !list.sort.descending } }),
  );
  return questions;
}

/** What people type into the box at the top, from the first letter on. */
async function searches(bench: Bench): Promise<Question[]> {
  const value = (sql: string) => oneValue(bench, sql);
  const server = await value('select name as value from servers order by id offset 50 limit 1');
  const texts = {
    'a letter': 'w',
    'two letters': 'we',
    'three letters': 'web',
    'a part of many names': 'fra-00',
    'a whole name': server,
    'an address': await value('select address as value from servers where address is not null order by id limit 1'),
    'the id of a run': await value('select id as value from replication_runs order by id offset 50 limit 1'),
    'the beginning of all ids of runs': 'sms-run-',
    'what nothing has': 'qqqqzz',
  };
  return Object.entries(texts).map(([name, text]) => ({
    name: `${name}: ${text}`,
    procedure: 'search.find',
    input: { text },
  }));
}

/** One thing of each kind, where the page of it asks. */
async function things(bench: Bench): Promise<Question[]> {
  const main = `workspace_id = (select id from workspaces where name = 'Main')`;
  const value = (sql: string) => oneValue(bench, sql);
  const run = await value(
    `select id as value from replication_runs where ${main} and state = 'completed' order by scheduled_for desc limit 1`,
  );
  return [
    {
      name: 'one server',
      procedure: 'servers.get',
      input: { serverId: await value(`select id as value from servers where ${main} order by id offset 50 limit 1`) },
    },
    { name: 'the catalog', procedure: 'servers.catalog', input: undefined },
    {
      name: 'one job',
      procedure: 'jobs.get',
      input: {
        jobId: await value(
          `select id as value from replication_jobs where ${main} and deleted_at is null order by id offset 50 limit 1`,
        ),
      },
    },
    { name: 'one run', procedure: 'runs.get', input: { runId: run } },
    { name: "one run's log", procedure: 'runs.log', input: { runId: run } },
    {
      name: 'one connector',
      procedure: 'connectors.get',
      input: { connectorId: await value(`select id as value from connectors where ${main} limit 1`) },
    },
    {
      name: 'one instance',
      procedure: 'instances.get',
      input: { id: await value(`select id as value from instances where ${main} order by id offset 5 limit 1`) },
    },
    {
      name: 'one cutover',
      procedure: 'cutovers.get',
      input: {
        cutoverId: await value(`select id as value from cutovers where ${main} order by created_at desc limit 1`),
      },
    },
    { name: 'who is signed in', procedure: 'session.me', input: undefined },
  ];
}

async function oneValue({ databaseUrl }: Bench, sql: string): Promise<string> {
  const [first] = await sqlOnce<{ value: string }>(databaseUrl, sql);
  return first?.value ?? '';
}

async function row(
  { web, patience, databaseUrl, show, asked: all }: Bench,
  name: string,
  aim: number,
  questions: Question[],
): Promise<void> {
  const [load = 0] = loadavg();
  const asked: Timed[] = [];
  for (const { name: what, procedure, input } of questions) {
    const timed = await timeOf(what, patience, () => web.ask(procedure, input, patience.longest));
    asked.push(timed);
    all.push({ row: name, name: what, procedure, input, p95: timed.p95 ?? patience.longest });
    // Nobody waits for its answer any more, and the next question must not wait for it either.
    if (timed.missing)
      await sqlOnce(
        databaseUrl,
        `select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and state = 'active' and pid <> pg_backend_pid() and backend_type = 'client backend'`,
      );
  }
  show({ name, aim, asked, load });
}
