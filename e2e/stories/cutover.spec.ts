// Rehearsed from two points in time, then cut over; and a guest that refuses, a roll-back, and replication that goes on.
import { violationsOf } from '../accessibility.ts';
import { nothingLeftOf } from '../leftovers.ts';
import { CreateJobWizard } from '../pages/create-job.ts';
import { CutoverPage } from '../pages/cutover.ts';
import { JobsPage } from '../pages/jobs.ts';
import { LaunchWizard } from '../pages/launch.ts';
import { ServersPage } from '../pages/servers.ts';
import { expect, test } from '../story.ts';

const MIB = 1_048_576;

interface LabVm {
  id: string;
  power: string;
}
interface LabInstance {
  id: string;
  state: string;
}

test('tests from two points in time, and a whole cutover', async ({ page, context, admin, lab, signedIn }) => {
  test.setTimeout(300_000);
  const SERVER = 'web-01';
  const VM = 'vm-101';
  await signedIn(admin);
  await new ServersPage(page).haveCatalog();
  const jobs = new JobsPage(page);
  await jobs.remove(SERVER);
  await lab.quietGuests();
  await new CreateJobWizard(page).createOneTimeJob(SERVER);
  await jobs.runEnds('Completed');
  const first = await jobs.latestImage();

  await test.step('a test by the wizard, its settings kept', async () => {
    await jobs.openDetails(SERVER);
    await jobs.tab('Run history').click();
    await page.getByRole('link', { name: `Launch instance from ${first}` }).click();
    const wizard = new LaunchWizard(page);
    await wizard.throughAllSteps();
    await page.getByRole('checkbox', { name: 'Save as launch configuration' }).check({ force: true });
    await wizard.launch();
    await expect(wizard.value('State')).toContainText('Running', { timeout: 60_000 });
  });

  const second = await test.step('a later point in time, tested with one click', async () => {
    await lab.call('vcenter/write', { vm: VM, disk: 0, offset: 64 * MIB, length: MIB, seed: 'later' });
    await jobs.openDetails(SERVER);
    await jobs.act('Start replication run');
    await expect(jobs.value('Latest AMI id')).not.toContainText(first, { timeout: 60_000 });
    const image = await jobs.latestImage();
    await jobs.tab('Run history').click();
    await page.getByRole('button', { name: `Launch test from ${image}` }).click();
    await jobs.confirm('Launch test');
    await expect(page).toHaveURL(/\/instances\/[^/]+$/);
    await expect(jobs.value('State')).toContainText('Running', { timeout: 60_000 });
    return image;
  });

  await test.step('both stand together among the instances, and end together', async () => {
    await jobs.visit(`/instances?q=${encodeURIComponent(`name=${SERVER}`)}&q=${encodeURIComponent('purpose=test')}`);
    const rows = page.getByRole('main').getByRole('row');
    for (const image of [first, second]) await expect(rows.filter({ hasText: image })).toHaveCount(1);
    for (const image of [first, second]) {
      await rows.filter({ hasText: image }).getByRole('checkbox').click({ force: true });
    }
    await page.getByRole('button', { name: /^End tests?/ }).click();
    await jobs.confirm('End tests');
    for (const image of [first, second]) {
      await expect(rows.filter({ hasText: image })).toContainText(/Shutting down|Terminated/, { timeout: 60_000 });
    }
  });

  const cutover = new CutoverPage(page);
  await test.step('the plan says what was found, and what it will take', async () => {
    await jobs.openDetails(SERVER);
    await cutover.plan();
    await expect(page.getByRole('main')).toContainText('The final run only sends what changed since the last one.');
    await expect(page.getByRole('main')).toContainText(/A test launch passed its checks after/);
    await cutover.option('Shut the server down');
    await cutover.field('Minutes to shut down').fill('5');
    await cutover.startNow();
  });

  const wall = await context.newPage();
  await test.step('the wall shows it from afar', async () => {
    await wall.goto(`/cutovers/${cutover.id}/wall`);
    await expect(wall.getByRole('timer', { name: 'Downtime' })).toBeVisible();
    await expect(wall.getByRole('navigation', { name: 'Pages' })).toHaveCount(0);
    await expect(wall.getByRole('button')).toHaveCount(0);
  });

  await test.step('it goes through its steps and asks before it cuts over', async () => {
    await cutover.asked('Cut over');
    await expect(cutover.clock).toHaveText(/^\d+:\d\d:\d\d$/);
    await expect(wall.getByText('Has the instance taken over?')).toBeVisible();
    expect(await violationsOf(page), 'a cutover that asks').toEqual([]);
    expect(await violationsOf(wall), 'the wall while it asks').toEqual([]);
    await page.screenshot({ path: 'test-results/cutover-asks.png', fullPage: true });
    await wall.screenshot({ path: 'test-results/cutover-wall.png' });
    const { vms } = await lab.call<{ vms: LabVm[] }>('vcenter/vms');
    expect(vms.find(({ id }) => id === VM)?.power).toBe('poweredOff');
    await cutover.field('Comment').fill('DNS is switched.');
    await page.getByRole('button', { name: 'Add comment' }).click();
    await expect(page.getByRole('main')).toContainText('DNS is switched.');
    await page.goto('/overview');
    await expect(page.getByText(`The cutover of ${SERVER} waits for a decision`)).toBeVisible();
    await page.goBack();
    await cutover.isAlive();
    await cutover.answer('Cut over');
    await cutover.isNow('Cut over');
    await expect(wall.getByText('Cut over', { exact: true }).first()).toBeVisible();
  });

  await test.step('finished, the job is gone, its AMIs stay, and the evidence says what happened', async () => {
    await page.getByRole('button', { name: 'Finish', exact: true }).click();
    await cutover.confirm('Finish', SERVER);
    await cutover.isNow('Finished');
    await page.getByRole('link', { name: 'Evidence' }).click();
    await expect(page).toHaveURL(/\/evidence$/);
    await expect(page.getByRole('main')).toContainText('DNS is switched.');
    await expect(page.getByRole('main')).toContainText(/[0-9a-f]{64}/);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download JSON' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^cutover-[0-9a-f]+.*\.json$/);
    await jobs.open();
    await expect(jobs.jobs.row(SERVER)).toHaveCount(0);
    await jobs.visit(`/images?q=${encodeURIComponent(`name=${SERVER}`)}`);
    await expect(page.getByRole('rowheader').filter({ hasText: second })).toBeVisible();
    await nothingLeftOf(lab, VM);
    await lab.call('vcenter/power', { vm: VM, on: true });
  });
  await wall.close();
});

test('a guest that refuses to shut down, and a roll-back after which the next delta is a delta', async ({
  page,
  admin,
  lab,
  signedIn,
}) => {
  test.setTimeout(300_000);
  // Without VMware Tools: it cannot be asked to shut down.
  const SERVER = 'cache-01';
  const VM = 'vm-202';
  await signedIn(admin);
  await new ServersPage(page).haveCatalog();
  const jobs = new JobsPage(page);
  await jobs.remove(SERVER);
  await lab.quietGuests();
  await new CreateJobWizard(page).createOneTimeJob(SERVER);
  await jobs.runEnds('Completed');
  const first = await jobs.latestImage();
  await jobs.openDetails(SERVER);
  await jobs.tab('Run history').click();
  await page.getByRole('link', { name: `Launch instance from ${first}` }).click();
  const wizard = new LaunchWizard(page);
  await wizard.throughAllSteps();
  await page.getByRole('button', { name: 'Save without launching' }).click();
  await expect(page).toHaveURL(/\/jobs\/sms-job-[0-9a-f]+$/);
  await expect(jobs.message(`Launch configuration of ${SERVER} saved`)).toBeVisible();

  const cutover = new CutoverPage(page);
  const power = async () =>
    (await lab.call<{ vms: LabVm[] }>('vcenter/vms')).vms.find(({ id }) => id === VM)?.power ?? '';
  await test.step('it asks before it takes the power', async () => {
    await jobs.openDetails(SERVER);
    await cutover.plan();
    await cutover.startNow();
    await cutover.asked('Keep waiting');
    await expect(page.getByRole('main')).toContainText(`${SERVER} is still on.`);
    expect(await power()).toBe('poweredOn');
    await cutover.answer('Power off');
    await cutover.confirm('Power off');
    await cutover.asked('Cut over');
    expect(await power()).toBe('poweredOff');
  });

  await test.step('rolled back: the server is on again, the instance stopped', async () => {
    await page.getByRole('button', { name: 'Roll back', exact: true }).click();
    await cutover.confirm('Roll back');
    await cutover.isNow('Rolled back');
    expect(await power()).toBe('poweredOn');
    const instances = await lab.call<LabInstance[]>('aws/instances');
    expect(instances.filter(({ state }) => state === 'stopped').length).toBeGreaterThan(0);
  });

  await test.step('the next run is a delta', async () => {
    await jobs.openDetails(SERVER);
    const before = await jobs.runId();
    await lab.call('vcenter/write', { vm: VM, disk: 0, offset: 64 * MIB, length: MIB, seed: 'after' });
    await jobs.act('Start replication run');
    await expect(page.locator('dd').getByRole('link', { name: before })).toBeHidden();
    await jobs.runEnds('Completed');
    await jobs.visit(`/runs/${await jobs.runId()}`);
    await expect(jobs.value('Type of copy')).toHaveText('Delta');
  });
  await jobs.remove(SERVER);
  await nothingLeftOf(lab, VM);
});
