// What the product exists for: after the first copy a run sends only what the guest has written since, and says so.
import { noDigestsOf, nothingLeftOf } from '../leftovers.ts';
import { CreateJobWizard } from '../pages/create-job.ts';
import { JobsPage } from '../pages/jobs.ts';
import { ServersPage } from '../pages/servers.ts';
import { SettingsPage } from '../pages/settings.ts';
import { expect, test } from '../story.ts';

const SERVER = 'app-01';
const VM = 'vm-103';
const MIB = 1_048_576;

test('a delta after guest writes, by either transfer path', async ({ page, admin, lab, signedIn }) => {
  test.setTimeout(240_000);
  await signedIn(admin);
  await new ServersPage(page).haveCatalog();
  const jobs = new JobsPage(page);
  const settings = new SettingsPage(page);
  await jobs.remove(SERVER);
  await lab.quietGuests();
  const imagesBefore = await countImages();

  const copyKind = () => jobs.value('Type of copy');
  const disk = () => jobs.table('Disks').row('Hard disk 1');

  await test.step('the first run copies the disk whole', async () => {
    await new CreateJobWizard(page).createOneTimeJob(SERVER);
    await jobs.runEnds('Completed');
    await jobs.openDetails(SERVER);
    await openRun();
    await expect(copyKind()).toHaveText('Full');
    await expect(disk()).toContainText('It is the first copy of this disk.');
    await expect(jobs.value('Changed at the source')).toHaveText('–');
    await expect(jobs.value('Transport')).toContainText(/NFC export.*The disks are read whole/);
  });

  const first = await test.step('the job has a baseline to measure from', async () => {
    await jobs.openDetails(SERVER);
    await expect(jobs.baseline.row('Hard disk 1')).toContainText(/Tracked.*Reads and sends what changed/);
    return snapshotOf();
  });

  await test.step('the next run sends what the guest has written, and no more', async () => {
    await lab.call('vcenter/write', { vm: VM, disk: 0, offset: 64 * MIB, length: 4 * MIB, seed: 'story' });
    const before = await jobs.runId();
    await jobs.act('Start replication run');
    await expect(page.locator('dd').getByRole('link', { name: before })).toBeHidden();
    await jobs.runEnds('Completed');
    await openRun();
    await expect(copyKind()).toHaveText('Delta');
    await expect(disk()).toContainText('Delta');
    expect(await mebibytes('Changed at the source')).toBeCloseTo(4, 0);
    expect(await mebibytes('Sent to AWS')).toBeLessThan(5);
    await expect(jobs.value('Transport')).toContainText(/Datastore files over HTTPS.*Little of the disks is read/);
    await expect(jobs.value('Verified')).toContainText(/Sampled.*of \d+ blocks/);
  });

  const second = await test.step('the baseline has moved, and both runs are in the charts', async () => {
    await jobs.openDetails(SERVER);
    await expect(jobs.chart('Changed and sent bytes')).toBeVisible();
    await expect(page.getByText('The bars leave out 1 full copy')).toBeVisible();
    const moved = await snapshotOf();
    expect(moved).not.toBe(first);
    return moved;
  });

  await test.step('both points in time stand among the AMIs, verified', async () => {
    await page.goto(`/images?q=${encodeURIComponent(`name=${SERVER}`)}`);
    await expect(page.getByRole('heading', { level: 1, name: `AMIs (${imagesBefore + 2})` })).toBeVisible();
    const rows = jobs.table('AMIs').root.getByRole('row').filter({ hasText: SERVER });
    const [newer, older] = [await rows.nth(0).locator('time').first(), await rows.nth(1).locator('time').first()];
    expect(await newer.getAttribute('datetime')).not.toBe(await older.getAttribute('datetime'));
    await expect(rows.nth(0)).toContainText('Sampled');
    await expect(rows.nth(1)).toContainText('Sampled');
  });

  await test.step('the other transfer path and full verification go on from the same baseline', async () => {
    await settings.open();
    await settings.edit();
    await settings.save({ 'Transfer path': 'EBS direct', Verification: 'Every block' });
    await expect(settings.value('Transfer path')).toContainText('EBS direct');
    await lab.call('vcenter/write', { vm: VM, disk: 0, offset: 96 * MIB, length: MIB, seed: 'story again' });
    await jobs.openDetails(SERVER);
    const before = await jobs.runId();
    await jobs.act('Start replication run');
    await expect(page.locator('dd').getByRole('link', { name: before })).toBeHidden();
    await jobs.runEnds('Completed');
    await openRun();
    await expect(copyKind()).toHaveText('Delta');
    await expect(jobs.value('Verified')).toContainText('Fully');
    expect(await mebibytes('Changed at the source')).toBeCloseTo(1, 0);
    await jobs.openDetails(SERVER);
    expect(await snapshotOf()).not.toBe(second);
  });

  await test.step('the change of the target stands in the activity', async () => {
    await settings.open();
    await settings.edit();
    await settings.save({ 'Transfer path': 'S3 staging', Verification: 'Sampled' });
    await jobs.goTo('Activity');
    const entry = jobs.table('Activity').root.getByRole('row').filter({ hasText: 'Changed AWS target' }).first();
    await expect(entry).toContainText('Administrator');
    await entry.getByRole('radio').check({ force: true });
    await expect(jobs.table('What changed').row('transfer')).toContainText(/ebs-direct.*s3/);
  });

  await nothingLeftOf(lab, VM);
  await jobs.openDetails(SERVER);
  const jobId = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  await jobs.remove(SERVER);
  await noDigestsOf(lab, jobId);

  async function openRun(): Promise<void> {
    const id = await jobs.runId();
    await page.getByRole('link', { name: id }).click();
    await jobs.isAt(`Run of ${SERVER}`);
  }

  async function snapshotOf(): Promise<string> {
    const row = jobs.baseline.row('Hard disk 1');
    await expect(row).toContainText(/snap-\w+/);
    return /snap-\w+/.exec(await row.innerText())?.[0] ?? '';
  }

  async function mebibytes(label: string): Promise<number> {
    const text = await jobs.value(label).innerText();
    const [, figure, unit] = /([\d.]+) (\w+)/.exec(text) ?? [];
    return Number(figure) * ({ KiB: 1 / 1024, MiB: 1, GiB: 1024 }[unit ?? ''] ?? Number.NaN);
  }

  async function countImages(): Promise<number> {
    await page.goto(`/images?q=${encodeURIComponent(`name=${SERVER}`)}`);
    const heading = page.getByRole('heading', { level: 1, name: /AMIs \(\d+\)/ });
    return Number(/\((\d+)\)/.exec(await heading.innerText())?.[1]);
  }
});
