// A job that runs every hour, with the clock moved: it keeps as many AMIs as it was told, and pauses when nothing goes right.
import { nothingLeftOf } from '../leftovers.ts';
import { CreateJobWizard } from '../pages/create-job.ts';
import { JobsPage } from '../pages/jobs.ts';
import { ServersPage } from '../pages/servers.ts';
import { expect, test } from '../story.ts';

const SERVER = 'cache-01';
const VM = 'vm-202';
const FAILURES = 2;

interface LabImage {
  id: string;
}

test('a job that runs every hour keeps its three newest AMIs', async ({ page, admin, lab, clock, signedIn }) => {
  await signedIn(admin);
  await new ServersPage(page).haveCatalog();
  const jobs = new JobsPage(page);
  await jobs.remove(SERVER);

  const wizard = new CreateJobWizard(page);
  await wizard.open();
  await wizard.servers.select(SERVER);
  await wizard.next('Server-specific settings');
  await wizard.next('Job settings');
  await wizard.number('Hours between runs').fill('1');
  await wizard.keep(3);
  await wizard.number('Pause after failures in a row').fill('5');
  await wizard.next('Review');
  await test.step('Previous and a reload keep what was set', async () => {
    await wizard.previous('Job settings');
    await page.reload();
    await wizard.isAlive();
    await expect(wizard.number('Pause after failures in a row')).toHaveValue('5');
    await wizard.next('Review');
  });
  await expect(wizard.value('Replication job type')).toHaveText('Every hour');
  await expect(wizard.value('Automatic AMI deletion')).toHaveText('Yes: the newest 3 AMIs are kept');
  await expect(wizard.value('When runs keep failing')).toHaveText('Pauses after 5 failures in a row');
  await wizard.create();

  await jobs.openDetails(SERVER);
  const made: string[] = [];
  for (let run = 1; run <= 4; run += 1) {
    await test.step(`run ${run}`, async () => {
      if (run > 1) {
        clock.later(1);
        // The id of the newest AMI stays until the new run has made its own.
        await expect(jobs.value('Latest AMI id')).not.toContainText(made.at(-1) ?? '', { timeout: 60_000 });
      }
      await jobs.runEnds('Completed');
      made.push(await jobs.latestImage());
    });
  }
  await jobs.tab('Run history').click();
  const history = jobs.table('Run history').root;
  await expect(history.getByRole('row').filter({ hasText: 'Completed' })).toHaveCount(4);
  await jobs.tab('Job details').click();
  await expect(jobs.value('AMIs')).toHaveText('3 AMIs');
  const standing = (await lab.call<LabImage[]>('aws/images')).map(({ id }) => id);
  expect(made.filter((id) => standing.includes(id))).toEqual(made.slice(1));

  await test.step('pausing says what rests, and the time of the next run goes', async () => {
    await jobs.act('Pause replication job');
    await expect(page.getByRole('dialog')).toContainText('no run starts by itself');
    await jobs.confirm('Pause');
    await expect(jobs.value('State')).toHaveText('Paused');
    await expect(jobs.value('Next run')).toHaveText('–, paused');
  });
  await jobs.remove(SERVER);
  await nothingLeftOf(lab, VM);
});

test('a job that keeps failing pauses, and goes on with every setting when it is resumed', async ({
  page,
  admin,
  lab,
  clock,
  signedIn,
}) => {
  await signedIn(admin);
  await new ServersPage(page).haveCatalog();
  const jobs = new JobsPage(page);
  await jobs.remove(SERVER);
  await lab.rule({
    side: 'vcenter',
    operation: 'CreateSnapshot_Task',
    match: { vm: VM },
    effect: { kind: 'fail', code: 'FileFault' },
  });

  const wizard = new CreateJobWizard(page);
  await wizard.open();
  await wizard.servers.select(SERVER);
  await wizard.next('Server-specific settings');
  await wizard.next('Job settings');
  await wizard.number('Hours between runs').fill('1');
  await wizard.number('Pause after failures in a row').fill(String(FAILURES));
  await wizard.next('Review');
  await wizard.create();
  await jobs.openDetails(SERVER);
  await expect(jobs.value('State')).toHaveText('Failing', { timeout: 60_000 });
  clock.later(1);
  await expect(jobs.value('State')).toHaveText('Paused on failure', { timeout: 60_000 });
  await expect(jobs.value('Next run')).toHaveText('–, paused');
  const alert = page.getByText('The replication job paused itself').locator('xpath=../../..');
  await expect(alert).toContainText(`Paused after ${FAILURES} failed runs in a row`);

  await jobs.visit('/overview');
  await expect(page.getByText('A replication job has paused after failed runs')).toBeVisible();
  await jobs.openDetails(SERVER);
  await lab.forgetRules();
  await page.getByRole('button', { name: `Resume ${SERVER}` }).click();
  await expect(jobs.message(`Replication job ${SERVER} resumed`)).toBeVisible();
  await expect(page.getByText('The replication job paused itself')).toHaveCount(0);
  await expect(jobs.value('When runs keep failing')).toHaveText(`Pauses after ${FAILURES} failures in a row`);

  clock.later(1);
  await expect(jobs.value('Latest AMI id')).toContainText('ami-', { timeout: 60_000 });
  await jobs.runEnds('Completed');

  await test.step('edited, for the next run', async () => {
    await jobs.act('Edit replication job');
    await jobs.isAt(`Edit replication job ${SERVER}`);
    await expect(wizard.number('Hours between runs')).toHaveValue('1');
    await wizard.number('Hours between runs').fill('24');
    await page.getByRole('link', { name: 'Replication jobs', exact: true }).click();
    await page.getByRole('dialog', { name: 'Leave without saving?' }).getByRole('button', { name: 'Stay' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(jobs.message(`Replication job ${SERVER} saved`)).toBeVisible();
    await expect(jobs.value('Replication job type')).toHaveText('Every 24 hours');
  });
  await jobs.remove(SERVER);
  await nothingLeftOf(lab, VM);
});
