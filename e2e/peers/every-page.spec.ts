// Every page as axe sees it, in light, in dark and at 390 px, with something on it: a run, an AMI, an instance.
import { everyLook, NARROW, WIDE } from '../accessibility.ts';
import { ConnectorsPage } from '../pages/connectors.ts';
import { CreateJobWizard } from '../pages/create-job.ts';
import { CutoverPage } from '../pages/cutover.ts';
import { JobsPage } from '../pages/jobs.ts';
import { LAUNCH_STEPS, LaunchWizard } from '../pages/launch.ts';
import { ServersPage } from '../pages/servers.ts';
import { SettingsPage } from '../pages/settings.ts';
import { expect, test } from '../story.ts';

const SERVER = 'app-01';
/** What an administrator sees who has set nothing; each with the width that it needs (everyLook). */
const SERVERS_COLUMNS = [
  'Name',
  'Readiness',
  'Replication',
  'Power',
  'Guest system',
  'vCPUs',
  'Memory',
  'Disks',
  'IP address',
];

// A trace of so many pages would take longer than they do.
test.use({ trace: 'off' });

test('every page passes axe in light, in dark and on a narrow screen', async ({
  page,
  admin,
  signedIn,
  complaints,
}) => {
  test.setTimeout(480_000);
  complaints.expect(/status of 404 .*no-such-(page|job)/);
  const look = (what: string, part?: string) =>
    test.step(what, async () => expect.soft(await everyLook(page, part), what).toEqual([]));

  await page.goto('/sign-in');
  await look('sign-in');
  await signedIn(admin);
  const catalog = new ServersPage(page);
  await catalog.haveCatalog();
  const jobs = new JobsPage(page);
  await jobs.remove(SERVER);

  const wizard = new CreateJobWizard(page);
  await wizard.open();
  await wizard.servers.select(SERVER);
  await look('wizard: servers');
  await wizard.next('Server-specific settings');
  await look('wizard: server-specific settings');
  await wizard.next('Job settings');
  await look('wizard: job settings');
  await wizard.chooseOneTime();
  await wizard.next('Review');
  await expect(wizard.value('Staging bucket')).toContainText('landfall');
  await look('wizard: review');
  await wizard.create();
  await expect(jobs.runState).toContainText('Active', { timeout: 30_000 });
  await look('jobs with the panel of an active run');
  await jobs.runEnds('Completed');
  await jobs.tab('Run history').click();
  await expect(jobs.table('Run history').root).toContainText('ami-');
  await look('jobs with the panel of a run history');
  await jobs.openDetails(SERVER);
  const runId = await jobs.runId();
  await expect(jobs.chart('Duration')).toBeVisible();
  await look('job');
  await jobs.visit(`/runs/${runId}`);
  await expect(page.getByRole('log')).toContainText('Completed');
  await look('run');

  await catalog.visit(`/runs/${runId}/launch`);
  const launch = new LaunchWizard(page);
  await launch.isOpen();
  await look('launch: AMI and purpose');
  for (const step of LAUNCH_STEPS.slice(1)) {
    await launch.next(step);
    await look(`launch: ${step}`);
  }
  await launch.launch();
  await expect(launch.value('State')).toContainText('Running', { timeout: 60_000 });
  await expect(page.getByRole('heading', { name: 'Console output' })).toBeVisible();
  await look('instance');

  for (const [path, title] of [
    ['/overview', 'Overview'],
    ['/connectors', /^Connectors/],
    ['/runs', /^Runs/],
    ['/instances', /^Instances/],
    ['/connectors/enrol', 'Add connector'],
    ['/jobs?q=server%3Dnobody', /^Replication jobs/],
    ['/no-such-page', 'There is nothing here'],
    ['/jobs/no-such-job', 'There is nothing here'],
  ] as const) {
    await catalog.visit(path);
    await launch.isAt(title);
    await expect(page.getByText(/^Loading/)).toHaveCount(0);
    await look(path);
  }
  await catalog.open();
  await expect(catalog.servers.root.getByRole('columnheader').filter({ hasText: /\w/ })).toHaveText(SERVERS_COLUMNS);
  await test.step('rows are cards on a narrow screen, and what is selected stays selected', async () => {
    await page.setViewportSize(NARROW);
    const card = catalog.cards('Servers').filter({ hasText: SERVER });
    await card.getByText('Memory').click();
    await expect(catalog.servers.root).toHaveCount(0);
    await expect(page.getByRole('button', { name: 'Close panel' })).toBeVisible();
    await page.setViewportSize(WIDE);
    await expect(catalog.servers.box(SERVER)).toBeChecked();
    await catalog.open();
  });
  await catalog.openPanel(SERVER, 'Details');
  await look('servers with the panel of one');
  for (const tab of [/^Disks/, /^Network/, /^Readiness/, 'Replication']) {
    await catalog.openPanel(SERVER, tab);
    await look(`server panel at ${tab}`, '[role="tabpanel"]');
  }
  await catalog.servers.row(SERVER).getByRole('link', { name: SERVER, exact: true }).click();
  await catalog.isAt(SERVER);
  await look('server');
  for (const [path, title] of [
    ['/images', 'AMIs'],
    ['/activity', 'Activity'],
  ] as const) {
    await catalog.visit(path);
    const first = catalog.table(title).root.getByRole('radio').first();
    await first.check({ force: true });
    await expect(page.getByRole('button', { name: 'Close panel' })).toBeVisible();
    await look(`${path} with its panel`);
  }
  await jobs.openDetails(SERVER);
  await jobs.act('Edit replication job');
  await jobs.isAt(`Edit replication job ${SERVER}`);
  await look('job: edit');
  const cutover = new CutoverPage(page);
  await jobs.openDetails(SERVER);
  await cutover.plan();
  await expect(page.getByText(/^Loading/)).toHaveCount(0);
  await look('cutover: plan');
  await cutover.planForLater();
  await look('cutover');
  const { id } = cutover;
  await cutover.visit('/cutovers');
  await cutover.isAt(/^Cutovers/);
  await look('cutovers');
  for (const bare of ['wall', 'evidence']) {
    await cutover.visit(`/cutovers/${id}/${bare}`);
    await expect(page.getByRole('heading', { level: 1 })).toContainText(SERVER);
    await look(`cutover: ${bare}`);
  }
  await cutover.visit(`/cutovers/${id}`);
  await page.getByRole('button', { name: 'Cancel cutover', exact: true }).click();
  await cutover.confirm('Cancel cutover');
  await cutover.isNow('Cancelled');

  const settings = new SettingsPage(page);
  await settings.open();
  await look('settings');
  await settings.openTarget();
  await expect(settings.table('Places').root).toContainText('Now');
  await look('AWS target');
  await settings.editThis();
  await look('AWS target: form');
  await settings.visit('/settings/targets/create');
  await expect(settings.form).toBeVisible();
  await look('AWS target: create');

  const connectors = new ConnectorsPage(page);
  await connectors.open();
  await connectors.visit(await connectors.detailsPath());
  await expect(page.getByRole('heading', { name: /^Health checks/ })).toBeVisible();
  await look('connector');

  await jobs.remove(SERVER);
});
