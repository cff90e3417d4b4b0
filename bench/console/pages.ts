// Rows about what a person sees in the browser: rows on the screen after a page was opened, and a change in the database on the
// screen of a page that stands open.
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type Browser, type BrowserContext, chromium, type Page } from '@playwright/test';
import { chromiumFlags, findChromium } from '../../scripts/setup/chromium.ts';
import type { ConsoleRow } from './answers.ts';
import { sqlOnce } from './database.ts';
import { percentile, type Timed } from './timing.ts';
import type { SignedIn } from './web.ts';

const ROWS_AIM_MS = 800;
const EVENT_AIM_MS = 200;
const LONGEST_MS = 60_000;
/** Between two changes: those of a burst are answered together, every 300 ms, and that is not what is asked here. */
const APART_MS = 700;

const PAGES: Record<string, { path: string; there: string }> = {
  servers: { path: '/servers', there: 'tbody tr a' },
  runs: { path: '/runs', there: 'tbody tr a' },
  jobs: { path: '/jobs', there: 'tbody tr a' },
  images: { path: '/images', there: 'tbody tr a' },
  overview: { path: '/overview', there: 'main h2' },
};

/** Says why instead of measuring where there is no browser. */
export async function measurePages(
  { web, databaseUrl, times }: { web: SignedIn; databaseUrl: string; times: number },
  show: (row: ConsoleRow) => void,
): Promise<void> {
  const executablePath = findChromium();
  if (!executablePath) {
    const skipped = 'no Chromium on this machine: install one, or name it by CHROMIUM_PATH';
    for (const [name, aim] of [
      ['page: rows after it was opened', ROWS_AIM_MS],
      ['page: from an event to the pixel', EVENT_AIM_MS],
    ] as const)
      show({ name, aim, asked: [{ name: '', p50: null, p95: null, times: 0, skipped }], load: loadavg()[0] ?? 0 });
    return;
  }
  const browser = await chromium.launch({ executablePath, args: chromiumFlags() });
  try {
    // One browser all along, as a person has it: the files of the console are in its cache.
    const context = await signedInContext(browser, web);
    for (const [name, { path, there }] of Object.entries(PAGES)) {
      const [load = 0] = loadavg();
      const asked = await measured('rows after it was opened', times, () => opened(context, web, path, there));
      show({ name: `page: ${name}, from the address to its rows`, aim: ROWS_AIM_MS, asked: [asked], load });
    }
    const [load = 0] = loadavg();
    show({
      name: 'page: from an event to the pixel',
      aim: EVENT_AIM_MS,
      asked: [await changeSeen(context, web, databaseUrl, times)],
      load,
    });
  } finally {
    await browser.close();
  }
}

async function measured(name: string, times: number, once: () => Promise<number>): Promise<Timed> {
  try {
    await once();
    const values: number[] = [];
    for (let at = 0; at < times; at += 1) values.push(await once());
    return { name, p50: percentile(values, 0.5), p95: percentile(values, 0.95), times };
  } catch (error) {
    return { name, p50: null, p95: null, times: 0, missing: (error as Error).message.split('\n')[0] ?? '' };
  }
}

async function signedInContext(browser: Browser, web: SignedIn): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  await context.addCookies([{ ...web.cookie, url: web.url }]);
  return context;
}

/** Milliseconds from the address to the first row that can be seen, in a new tab, as the page's own clock has it. */
async function opened(context: BrowserContext, web: SignedIn, path: string, there: string): Promise<number> {
  const page = await context.newPage();
  try {
    await page.addInitScript(markWhenThere, there);
    await page.goto(`${web.url}${path}`, { waitUntil: 'commit' });
    const at = await page.waitForFunction(() => (window as { landfallSeen?: number }).landfallSeen, undefined, {
      timeout: LONGEST_MS,
    });
    return (await at.jsonValue()) as number;
  } finally {
    await page.close();
  }
}

/** Runs in the page: notes when something that matches is painted for the first time. */
function markWhenThere(there: string): void {
  const look = () => {
    const found = document.querySelector(there);
    if (found && (found as HTMLElement).getClientRects().length > 0) {
      (window as { landfallSeen?: number }).landfallSeen = performance.now();
    } else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

interface Job {
  id: string;
  license: string;
  imageMethod: string;
  everyHours: number | null;
  keepImages: number | null;
  pauseAfterFailures: number | null;
  verification: string | null;
}

/** A job's description is edited by the API, and its open page shows it. */
async function changeSeen(context: BrowserContext, web: SignedIn, databaseUrl: string, times: number): Promise<Timed> {
  try {
    const page = await context.newPage();
    const [chosen] = await sqlOnce<{ id: string }>(
      databaseUrl,
      `select id from replication_jobs where state = 'active' and deleted_at is null and every_hours is not null
         and workspace_id = (select id from workspaces where name = 'Main') order by id limit 1`,
    );
    const job = (await web.ask('jobs.get', { jobId: chosen?.id }, LONGEST_MS)) as Job;
    await page.goto(`${web.url}/jobs/${job.id}`);
    await page.locator('h1').waitFor({ timeout: LONGEST_MS });
    const values: number[] = [];
    for (let at = 0; at <= times; at += 1) {
      await delay(APART_MS + Math.random() * APART_MS);
      values.push(await changedAndSeen(page, web, databaseUrl, job, `Event ${at} of ${Date.now()}`));
    }
    const [, ...counted] = values;
    return {
      name: 'a job that was edited, on its own page',
      p50: percentile(counted, 0.5),
      p95: percentile(counted, 0.95),
      times,
    };
  } catch (error) {
    return { name: 'event', p50: null, p95: null, times: 0, missing: (error as Error).message.split('\n')[0] ?? '' };
  }
}

/** Milliseconds from the transaction of the change, by the database's clock, which is this machine's. */
async function changedAndSeen(
  page: Page,
  web: SignedIn,
  databaseUrl: string,
  job: Job,
  description: string,
): Promise<number> {
  const seen = page.evaluate(
    ({ words, longest }) =>
      new Promise<number>((resolve, reject) => {
        const from = performance.now();
        const look = () => {
          if (document.body.innerText.includes(words)) resolve(Date.now());
          else if (performance.now() - from > longest) reject(new Error('the page never showed the change'));
          else requestAnimationFrame(look);
        };
        look();
      }),
    { words: description, longest: LONGEST_MS },
  );
  seen.catch(() => {});
  const { id, license, imageMethod, everyHours, keepImages, pauseAfterFailures, verification } = job;
  const settings = { license, imageMethod, everyHours, keepImages, pauseAfterFailures, verification, description };
  await web.change('jobs.edit', { jobId: id, settings });
  const at = await seen;
  const [row] = await sqlOnce<{ ms: number }>(
    databaseUrl,
    'select (extract(epoch from at) * 1000)::float8 as ms from audit order by id desc limit 1',
  );
  return at - (row?.ms ?? Number.NaN);
}
