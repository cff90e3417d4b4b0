// A whole Linux is cut over: what it wrote just before it was shut down is on the console of the instance that took over.
import { randomBytes } from 'node:crypto';
import { CreateJobWizard } from '../pages/create-job.ts';
import { CutoverPage } from '../pages/cutover.ts';
import { JobsPage } from '../pages/jobs.ts';
import { LaunchWizard } from '../pages/launch.ts';
import { ServersPage } from '../pages/servers.ts';
import { expect, test } from '../story.ts';

const SERVER = 'tiny-guest';
const VM = 'vm-204';

test('the tiny guest is cut over with the marker of its last moment', async ({ page, admin, lab, signedIn }) => {
  const early = `early-${randomBytes(6).toString('hex')}`;
  const last = `last-${randomBytes(6).toString('hex')}`;
  await lab.call('vcenter/marker', { vm: VM, text: early });
  await signedIn(admin);
  await new ServersPage(page).haveCatalog();
  const jobs = new JobsPage(page);
  await jobs.remove(SERVER);
  await new CreateJobWizard(page).createOneTimeJob(SERVER);
  await expect(jobs.runState).toHaveText(/Completed|Failed|Cancelled/, { timeout: 300_000 });
  await expect(jobs.runState).toHaveText(/Completed/);
  const image = await jobs.latestImage();
  await jobs.openDetails(SERVER);
  await jobs.tab('Run history').click();
  await page.getByRole('link', { name: `Launch instance from ${image}` }).click();
  const wizard = new LaunchWizard(page);
  await wizard.throughAllSteps();
  // The lab boots two guests at a time, and another story wants one of them.
  await page.getByRole('button', { name: 'Save without launching' }).click();
  await expect(page).toHaveURL(/\/jobs\/sms-job-[0-9a-f]+$/);

  const cutover = new CutoverPage(page);
  await jobs.openDetails(SERVER);
  await cutover.plan();
  await cutover.field('Console text').fill('TINY-GUEST READY');
  await lab.call('vcenter/marker', { vm: VM, text: last });
  await cutover.startNow();
  // Under emulation a boot takes a while; the checks wait for what the console must say.
  await expect(page.getByRole('button', { name: 'Cut over', exact: true })).toBeVisible({ timeout: 400_000 });
  await expect(page.getByRole('log').filter({ hasText: 'TINY-GUEST READY' })).toContainText(`marker=${last} `);
  await cutover.answer('Cut over');
  await cutover.isNow('Cut over');
  console.log(`downtime of the tiny guest: ${await cutover.clock.innerText()}`);
  await page.getByRole('button', { name: 'Finish', exact: true }).click();
  await cutover.confirm('Finish', SERVER);
  await cutover.isNow('Finished');
});
