// A viewer sees everything and is offered nothing to change; calls forged behind the page's back are refused.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { ConnectorsPage } from '../pages/connectors.ts';
import { Console } from '../pages/console.ts';
import { CreateJobWizard } from '../pages/create-job.ts';
import { JobsPage } from '../pages/jobs.ts';
import { LaunchWizard } from '../pages/launch.ts';
import { ServersPage } from '../pages/servers.ts';
import { expect, test } from '../story.ts';

const SERVER = 'legacy-01';
const PAGES = ['Overview', 'Connectors', 'Servers', 'Replication jobs', 'AMIs', 'Instances', 'Activity', 'Settings'];
/** Every button by which something is changed. */
const CHANGES =
  /^((Edit|Create) AWS target|Edit sign-in|Add connector|Check now|Disassociate|((Re-i|I)mport|Clear) server catalog|Create replication job|Actions|Start again|(Start|Cancel|Delete) .*|Launch instance.*|Terminate.*|Replicate .*)$/;

test('a viewer sees everything, is offered no change, and every forged call is refused', async ({
  page,
  admin,
  viewer,
  complaints,
  signedIn,
}) => {
  const jobs = new JobsPage(page);
  await test.step('an administrator makes something to look at', async () => {
    await signedIn(admin);
    await new ServersPage(page).haveCatalog();
    await jobs.remove(SERVER);
    await new CreateJobWizard(page).createOneTimeJob(SERVER);
    await jobs.runEnds('Completed');
    const launch = new LaunchWizard(page);
    await launch.visit(`/runs/${await jobs.runId()}/launch`);
    await launch.throughAllSteps();
    await launch.launch();
    await expect(launch.value('State')).toContainText('Running', { timeout: 60_000 });
    await page.getByRole('button', { name: admin.name }).click();
    await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click();
    await expect(page).toHaveURL(/\/sign-in/);
  });

  await signedIn(viewer);
  const console_ = new Console(page);
  await test.step('no page offers a change', async () => {
    for (const title of PAGES) {
      await console_.goTo(title);
      await expect(page.getByText(/^Loading/)).toHaveCount(0);
      await expect(changes(page), title).toHaveCount(0);
    }
  });

  const ids = await test.step('the details of everything are there, without a change', async () => {
    const catalog = new ServersPage(page);
    await catalog.open();
    await catalog.openPanel(SERVER, 'Details');
    await expect(catalog.value('Guest system')).toContainText('CentOS 6');
    await expect(changes(page)).toHaveCount(0);
    const serverHref = await catalog.servers.row(SERVER).getByRole('rowheader').getByRole('link').getAttribute('href');
    const connectors = new ConnectorsPage(page);
    await connectors.open();
    const connectorPath = await connectors.detailsPath();
    await connectors.visit(connectorPath);
    await expect(page.getByRole('heading', { name: /^Health checks/ })).toBeVisible();
    await expect(changes(page)).toHaveCount(0);
    await jobs.openDetails(SERVER);
    await expect(jobs.runState).toHaveText('Completed');
    await expect(changes(page)).toHaveCount(0);
    const jobId = lastOf(page.url());
    const runId = await jobs.runId();
    await page.getByRole('link', { name: runId }).click();
    await console_.isAt(`Run of ${SERVER}`);
    await expect(page.getByRole('log')).toContainText('Completed');
    await expect(changes(page)).toHaveCount(0);
    await console_.visit('/instances');
    await console_
      .table('Instances')
      .root.getByRole('rowheader')
      .filter({ hasText: SERVER })
      .getByRole('link')
      .first()
      .click();
    await expect(console_.value('State')).toContainText('Running');
    await expect(page.getByRole('heading', { name: 'Console output' })).toBeVisible();
    await expect(changes(page)).toHaveCount(0);
    return {
      instanceId: lastOf(page.url()),
      connectorId: lastOf(connectorPath),
      serverId: lastOf(serverHref ?? ''),
      jobId,
      runId,
    };
  });

  await test.step('pages that only change something say who may', async () => {
    for (const path of ['/jobs/create', '/connectors/enrol', `/runs/${ids.runId}/launch`]) {
      await console_.visit(path);
      await expect(page.getByText(/Your role cannot|Only administrators/)).toBeVisible();
      await expect(page.getByRole('button', { name: /^(Next|Create|Launch)$/ })).toHaveCount(0);
    }
  });

  const before = await counts(page);
  await test.step('forged calls with the cookies of the viewer', async () => {
    complaints.expect(/status of 403 .*\/api\/trpc\//);
    const launch = {
      runId: ids.runId,
      purpose: 'test',
      instanceType: 't3.micro',
      subnetId: 'subnet-0123456789abcdef0',
      securityGroupIds: ['sg-0123456789abcdef0'],
      ...{ keyName: null, publicAddress: null, volumes: [], tags: [], userData: null },
    };
    const settings = { everyHours: null, seedAt: null, description: '', keepImages: null };
    const calls: [string, unknown][] = [
      ['jobs.create', { servers: [{ serverId: ids.serverId }], settings }],
      ['jobs.startRun', { jobId: ids.jobId }],
      ['jobs.delete', { jobId: ids.jobId }],
      ['runs.cancel', { runId: ids.runId }],
      ['connectors.disassociate', { connectorId: ids.connectorId }],
      ['connectors.checkNow', { connectorId: ids.connectorId }],
      ['connectors.createCode', undefined],
      ['servers.importCatalog', {}],
      ['servers.clearCatalog', undefined],
      ['instances.launch', launch],
      ['instances.launch', { ...launch, purpose: 'final' }],
      ['instances.terminate', { id: ids.instanceId }],
      ['overview.replicateSmallest', undefined],
      ['targets.update', { targetId: 'target-0', transfer: 'ebs-direct', transport: 'auto', verification: 'full' }],
    ];
    for (const [procedure, input] of calls) {
      const answer = await forge(page, procedure, input);
      expect.soft(answer, procedure).toMatchObject({ status: 403, code: 'permission-denied' });
    }
  });
  const { activity: _, ...after } = await counts(page);
  expect({ ...after, activity: before.activity }, 'nothing has changed').toEqual(before);
  await test.step('what was refused stands in the activity', async () => {
    await console_.goTo('Activity');
    await expect(
      page.getByRole('row').filter({ hasText: 'Was refused' }).filter({ hasText: 'jobs.create' }),
    ).toBeVisible();
  });

  await page.context().clearCookies();
  await signedIn(admin);
  const beforeForeign = await counts(page);
  await test.step('a page of somebody else, opened by an administrator, changes nothing', async () => {
    complaints.expect(/status of (401|403|415) .*\/api\/trpc\/|\/favicon\.ico/);
    const origin = new URL(page.url()).origin;
    const foreign = await serveForeignPage(`${origin}/api/trpc/servers.importCatalog`);
    try {
      await page.goto(foreign.url);
      const answer = page.waitForResponse(/servers\.importCatalog/);
      await page.getByRole('button', { name: 'Win a prize' }).click();
      expect([401, 403, 415], 'a form of another site').toContain((await answer).status());
    } finally {
      foreign.server.close();
    }
    // With the cookies in hand, which a browser would not have sent along.
    for (const [header, from] of [
      ['origin', 'https://elsewhere.example'],
      ['sec-fetch-site', 'cross-site'],
    ] as const) {
      const answer = await page.request.post(`${origin}/api/trpc/servers.importCatalog`, {
        headers: { [header]: from, 'content-type': 'application/json' },
        data: { json: {} },
      });
      expect(answer.status()).toBe(403);
      expect(await answer.text()).toContain('did not come from a page of this console');
    }
  });
  await page.goto('/overview');
  expect(await counts(page), 'nothing has changed').toEqual(beforeForeign);
  await jobs.remove(SERVER);
});

const lastOf = (address: string) => new URL(address, 'http://console').pathname.split('/').at(-1);

const changes = (page: Page) =>
  page
    .getByRole('main')
    .getByRole('button', { name: CHANGES })
    .or(page.getByRole('main').getByRole('link', { name: CHANGES }));

/** How many there are of everything, as the pages count them. */
async function counts(page: Page): Promise<Record<string, string>> {
  const counted: Record<string, string> = {};
  for (const path of ['connectors', 'servers', 'jobs', 'images', 'instances', 'activity']) {
    await page.goto(`/${path}`);
    const heading = page.getByRole('heading', { level: 1, name: /\(\d+\)/ }).first();
    counted[path] = (await heading.innerText()).replaceAll(/\s+/g, ' ');
  }
  return counted;
}

/** A call as a script in the page could make it: same origin, the member's own cookies. */
function forge(page: Page, procedure: string, input: unknown): Promise<{ status: number; code: string | undefined }> {
  return page.evaluate(
    async ([name, body]) => {
      const answer = await fetch(`/api/trpc/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      const said = (await answer.json()) as { error?: { json?: { data?: { fault?: { code?: string } } } } };
      return { status: answer.status, code: said.error?.json?.data?.fault?.code };
    },
    [procedure, JSON.stringify(input === undefined ? {} : { json: input })] as const,
  );
}

/** Another site, with a form that posts to the console. */
async function serveForeignPage(target: string): Promise<{ url: string; server: Server }> {
  const page = `<!doctype html><title>Elsewhere</title><form method="post" enctype="text/plain" action="${target}">
    <input type="hidden" name='{"json":{},"x":"' value='"}'><button>Win a prize</button></form>`;
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(page));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}
