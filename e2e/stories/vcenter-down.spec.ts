// The lab's vCenter goes away and comes back: the console says so by itself, what waits says for what, and then goes on.
import { ConnectorsPage } from '../pages/connectors.ts';
import { CreateJobWizard } from '../pages/create-job.ts';
import { JobsPage } from '../pages/jobs.ts';
import { ServersPage } from '../pages/servers.ts';
import { expect, test } from '../story.ts';

const SERVER = 'mail-01';
/** What the product promises. */
const NOTICED_MS = 30_000;

test.afterEach(async ({ lab }) => lab.call('vcenter/up'));

test('vCenter down is seen within 30 s, a run waits for it, and completes when it is back', async ({
  page,
  admin,
  lab,
  signedIn,
}) => {
  await signedIn(admin);
  await new ServersPage(page).haveCatalog();
  const jobs = new JobsPage(page);
  await jobs.remove(SERVER);
  const connectors = new ConnectorsPage(page);
  await connectors.open();
  await connectors.isHealthy();

  await lab.call('vcenter/down');
  await expect(connectors.only, 'without a reload').toContainText('Unhealthy', { timeout: NOTICED_MS });
  await expect(connectors.only.getByRole('gridcell').filter({ hasText: 'Unhealthy' })).toContainText(
    /vCenter|VM manager/i,
  );

  await new CreateJobWizard(page).createOneTimeJob(SERVER);
  await expect(jobs.runState).toHaveText('Pending · waiting');
  await expect(jobs.waiting).toContainText(/Waits for the connector .*(vCenter|VM manager)/i);
  const runId = await jobs.runId();

  await lab.call('vcenter/up');
  await jobs.runEnds('Completed');
  expect(await jobs.runId()).toBe(runId);

  await connectors.open();
  await connectors.isHealthy();
  await jobs.remove(SERVER);
});
