// A run is cancelled while its disk is being copied: it ends soon, says so, and leaves nothing on either side.
import { nothingLeftOf } from '../leftovers.ts';
import { CreateJobWizard } from '../pages/create-job.ts';
import { JobsPage } from '../pages/jobs.ts';
import { ServersPage } from '../pages/servers.ts';
import { expect, test } from '../story.ts';

const SERVER = 'cache-01';
const VM = 'vm-202';

test('a run that is cancelled in mid-copy stops and cleans up', async ({ page, admin, lab, signedIn }) => {
  await signedIn(admin);
  await new ServersPage(page).haveCatalog();
  const jobs = new JobsPage(page);
  await jobs.remove(SERVER);
  await lab.slowCopy(VM, 30_000);
  await new CreateJobWizard(page).createOneTimeJob(SERVER);

  await expect(jobs.runState).toContainText('Copy disks', { timeout: 60_000 });
  await expect
    .poll(async () => (await lab.vcenterState()).snapshots.filter(({ vm }) => vm === VM).length, { timeout: 30_000 })
    .toBe(1);
  const disks = jobs.table(`Disks of ${SERVER}`);
  await expect(disks.root, 'the disk moves').toContainText(/[1-9][\d.]* (KiB|MiB) of 1 GiB/, { timeout: 30_000 });

  await jobs.act('Cancel run');
  await jobs.confirm('Cancel run');
  await jobs.runEnds('Cancelled');
  await nothingLeftOf(lab, VM);

  await jobs.tab('Run history').click();
  const history = jobs.table('Run history').root.getByRole('row').filter({ hasText: 'Cancelled' });
  await expect(history).toHaveCount(1);
  await expect(history, 'no AMI came of it').not.toContainText('ami-');

  await jobs.remove(SERVER);
});
