// Two AWS targets: the second is created and changed by its forms, the wizard asks which one, a job's pages say where its AMIs are
// made, and none is deleted while something is in it. Stories that come later find the second one there too; theirs go to the first.
import { CreateJobWizard } from '../pages/create-job.ts';
import { JobsPage } from '../pages/jobs.ts';
import { ServersPage } from '../pages/servers.ts';
import { SettingsPage } from '../pages/settings.ts';
import { expect, test } from '../story.ts';

const SERVER = 'cache-01';
const NAME = 'Second';

test('a job goes to the AWS target that was chosen for it, and says so', async ({
  page,
  admin,
  lab,
  complaints,
  signedIn,
}) => {
  test.setTimeout(180_000);
  await signedIn(admin);
  await new ServersPage(page).haveCatalog();
  const jobs = new JobsPage(page);
  const settings = new SettingsPage(page);
  await jobs.remove(SERVER);
  const { region, bucket, credentials } = await lab.call<{
    region: string;
    bucket: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  }>('aws/credentials');
  const url = lab.awsUrl();

  async function create(name: string) {
    await settings.fill({ Name: name, Region: region, 'Staging bucket': bucket, Prefix: 'landfall/second/' });
    await settings.form.getByRole('button', { name: 'Endpoints' }).click();
    for (const service of ['S3', 'EC2', 'EBS direct', 'STS'])
      await settings.fill({ [`Endpoint of ${service} (optional)`]: url });
    await settings.pick('How the console signs in', 'Access key');
    await settings.fill({ 'Access key ID': credentials.accessKeyId, 'Secret access key': credentials.secretAccessKey });
    await settings.form.getByRole('button', { name: 'Create AWS target' }).click();
    await settings.isAt(new RegExp(`^${name}`));
  }

  await test.step('the second target is created; what was typed survives a reload, but for the secret', async () => {
    await settings.open();
    await settings.visit('/settings/targets/create');
    await settings.form.getByRole('button', { name: 'Create AWS target' }).click();
    await expect(settings.form).toContainText('A Region, such as eu-central-1.');
    await settings.fill({ Name: 'Kept' });
    await page.reload();
    await settings.isAlive();
    await expect(settings.form.getByLabel('Name', { exact: true })).toHaveValue('Kept');
    await create(NAME);
    await expect(settings.value('Account')).toContainText(/\d{12}/);
    expect(await page.content()).not.toContain(credentials.secretAccessKey);
  });

  await test.step('a change says what it means before it is saved', async () => {
    await settings.editThis();
    await settings.pick('Verification', 'Every block');
    await expect(page.getByText('Verification: counts for runs created from then on.')).toBeVisible();
    await settings.save({});
    await expect(settings.value('Verification')).toContainText('Every block');
  });

  await test.step('a job goes to it', async () => {
    const wizard = new CreateJobWizard(page);
    await wizard.open();
    await wizard.servers.select(SERVER);
    await wizard.next('Server-specific settings');
    await wizard.next('Job settings');
    const list = page.getByRole('button', { name: /AWS target/ });
    await expect(list).toContainText('Main');
    await wizard.choose(list, new RegExp(`^${NAME}`));
    await wizard.chooseOneTime();
    await wizard.next('Review');
    await expect(wizard.value('AWS target')).toHaveText(NAME);
    await wizard.create();
    await jobs.openDetails(SERVER);
    await expect(jobs.value('Target')).toHaveText(`${NAME} · ${region} · ${bucket}`);
    await jobs.runEnds('Completed');
  });

  await test.step('what begins new chains is asked about, and what is in use is not deleted', async () => {
    await settings.open();
    await settings.openTarget(NAME);
    await page.getByRole('button', { name: 'Delete AWS target' }).click();
    await expect(page.getByRole('dialog')).toContainText('1 replication job');
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await settings.editThis();
    await settings.fill({ Prefix: 'landfall/elsewhere/' });
    await settings.form.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(page.getByRole('dialog')).toContainText('1 replication job goes into it');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await settings.form.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Leave' }).click();
    await settings.isAt(new RegExp(`^${NAME}`));
    await jobs.remove(SERVER);
  });

  await test.step('one that was never used is deleted', async () => {
    // Its page looks again before it is left.
    complaints.expect(/status of 404 .*\/api\/trpc\/(targets|jobs\.target)/);
    await settings.visit('/settings/targets/create');
    await create('Never used');
    await page.getByRole('button', { name: 'Delete AWS target' }).click();
    await settings.confirm('Delete');
    await settings.isAt('Settings');
    await expect(settings.targets.root).not.toContainText('Never used');
    await expect(settings.targets.root).toContainText(NAME);
  });
});
