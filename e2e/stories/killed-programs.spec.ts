// Worker and connector are killed while disks are being copied: the same run goes on, makes one AMI and leaves nothing.
import { nothingLeftOf } from '../leftovers.ts';
import { CreateJobWizard } from '../pages/create-job.ts';
import { JobsPage } from '../pages/jobs.ts';
import { ServersPage } from '../pages/servers.ts';
import { expect, test } from '../story.ts';

const SERVER = 'db-01';
const VM = 'vm-104';

test('killed programs come back and take their run to its end', async ({ page, admin, lab, signedIn }) => {
  await signedIn(admin);
  await new ServersPage(page).haveCatalog();
  const jobs = new JobsPage(page);
  await jobs.remove(SERVER);
  const imagesBefore = (await lab.call<unknown[]>('aws/images')).length;
  await lab.slowCopy(VM, 60_000);
  await new CreateJobWizard(page).createOneTimeJob(SERVER);
  await expect(jobs.runState).toContainText('Copy disks', { timeout: 60_000 });
  await expect(jobs.table(`Disks of ${SERVER}`).root).toContainText(/[1-9][\d.]* (KiB|MiB) of/, { timeout: 30_000 });
  const runId = await jobs.runId();

  const killed = { worker: lab.kill('worker'), connector: lab.kill('connector') };
  await lab.forgetRules();
  for (const program of ['worker', 'connector'] as const) {
    await expect.poll(() => lab.processId(program)).not.toBe(killed[program]);
  }
  await jobs.runEnds('Completed');
  expect(await jobs.runId(), 'the same run').toBe(runId);
  await jobs.tab('Run history').click();
  const history = jobs
    .table('Run history')
    .root.getByRole('row')
    .filter({ has: page.getByRole('rowheader') });
  await expect(history).toHaveCount(1);
  await expect(history).toContainText(/ami-[0-9a-f]+/);
  expect((await lab.call<unknown[]>('aws/images')).length, 'one AMI').toBe(imagesBefore + 1);
  await nothingLeftOf(lab, VM);
  await jobs.remove(SERVER);
});
