// The whole way on a fresh data folder: from the first sign-in to a running instance and an AMI that outlives its job.
// Its name makes it the first: later the overview shows no first visit any more.
import { violationsOf } from '../accessibility.ts';
import { nothingLeftOf } from '../leftovers.ts';
import { ConnectorsPage } from '../pages/connectors.ts';
import { CreateJobWizard } from '../pages/create-job.ts';
import { JobsPage } from '../pages/jobs.ts';
import { LaunchWizard } from '../pages/launch.ts';
import { ServersPage } from '../pages/servers.ts';
import { stagesSeen, watchStages } from '../stages.ts';
import { expect, test } from '../story.ts';

const SERVER = 'web-01';
const VM = 'vm-101';

test('from sign-in to a running instance', async ({ page, admin, lab, signedIn }) => {
  await signedIn(admin);
  expect(await violationsOf(page), 'the overview of a first visit').toEqual([]);

  const connectors = new ConnectorsPage(page);
  await connectors.goTo('Connectors');
  await connectors.isHealthy();

  const catalog = new ServersPage(page);
  await test.step('import the server catalog', async () => {
    await catalog.goTo('Servers');
    await page
      .getByRole('button', { name: /^(Import|Re-import) server catalog$/ })
      .first()
      .click();
    await expect(page.getByRole('main')).toContainText(/Imported .*: \d+ new, \d+ changed, 0 gone/, {
      timeout: 60_000,
    });
    await expect(catalog.servers.row(SERVER)).toContainText('Debian GNU/Linux 12');
  });

  const jobs = new JobsPage(page);
  await test.step('create a replication job', async () => {
    await jobs.remove(SERVER);
    await lab.rule({ side: 'vcenter', operation: 'RetrievePropertiesEx', effect: { kind: 'delay', ms: 300 } });
    await lab.slowCopy(VM, 1_000_000);
    // On a quick machine these stages pass between two looks of the page.
    for (const operation of ['ec2:ImportSnapshot', 'ec2:RegisterImage']) {
      await lab.rule({ side: 'aws', operation, effect: { kind: 'delay', ms: 4000 } });
    }
    await catalog.open();
    await catalog.servers.select(SERVER);
    await page
      .getByRole('link', { name: 'Create replication job' })
      .or(page.getByRole('button', { name: 'Create replication job' }))
      .first()
      .click();
    const wizard = new CreateJobWizard(page);
    await wizard.isAt('Servers');
    await expect(page.getByText('Chosen servers (1)')).toBeVisible();
    await wizard.next('Server-specific settings');
    await expect(wizard.licenceOf(SERVER)).toContainText('Auto');
    await wizard.next('Job settings');
    await wizard.next('Review');
    await expect(wizard.review.getByRole('row').filter({ hasText: SERVER })).toContainText('Auto (BYOL)');
    await expect(wizard.value('Staging bucket')).toContainText('landfall-staging-');
    await watchStages(page);
    await wizard.create();
  });

  await test.step('a run goes through the four stages', async () => {
    await expect(jobs.runState).toContainText('Active', { timeout: 30_000 });
    await jobs.runEnds('Completed');
    expect(await stagesSeen(page)).toEqual(['Scheduled', 'Uploading', 'Converting', 'Creating AMI']);
    await nothingLeftOf(lab, VM);
  });

  const imageId = await jobs.latestImage();
  await test.step('its AMI stands in the run history', async () => {
    await jobs.tab('Run history').click();
    const run = jobs.table('Run history').root.getByRole('row').filter({ hasText: imageId });
    await expect(run).toContainText('Completed');
    await run.getByRole('link', { name: `Launch instance from ${imageId}` }).click();
  });

  await test.step('launch an instance of it', async () => {
    const wizard = new LaunchWizard(page);
    await wizard.throughAllSteps();
    await wizard.launch();
    await expect(wizard.value('State')).toContainText('Running', { timeout: 60_000 });
    await expect(wizard.value('AMI')).toContainText(imageId);
    await expect(page.getByRole('log'), 'what the instance writes to its console').toContainText(/\w/, {
      timeout: 60_000,
    });
  });

  await test.step('delete the job: the AMI stays', async () => {
    await jobs.remove(SERVER);
    await jobs.goTo('AMIs');
    await expect(page.getByRole('rowheader').filter({ hasText: imageId })).toBeVisible();
  });
});
