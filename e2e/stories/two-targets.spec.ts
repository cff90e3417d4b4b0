// Two AWS targets: the settings show both, the wizard asks which one, and a job's pages say where its AMIs are made. Stories that
// come later find the second one there too; theirs go to the first.
import { CreateJobWizard } from '../pages/create-job.ts';
import { JobsPage } from '../pages/jobs.ts';
import { ServersPage } from '../pages/servers.ts';
import { SettingsPage } from '../pages/settings.ts';
import { expect, test } from '../story.ts';

const SERVER = 'cache-01';
const NAME = 'Second';

test('a job goes to the AWS target that was chosen for it, and says so', async ({ page, admin, lab, signedIn }) => {
  await signedIn(admin);
  await new ServersPage(page).haveCatalog();
  const jobs = new JobsPage(page);
  await jobs.remove(SERVER);

  // There is no form for it yet.
  const { region, bucket, credentials } = await lab.call<{
    region: string;
    bucket: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  }>('aws/credentials');
  const url = lab.awsUrl();
  const place = { region, bucket, prefix: 'landfall/second/', endpoints: { s3: url, ec2: url, ebs: url, sts: url } };
  const made = await page.request.post('/api/trpc/targets.create', {
    headers: { origin: new URL(page.url()).origin, 'content-type': 'application/json' },
    data: {
      json: { requestId: '5e'.repeat(16), name: NAME, ...place, signIn: { kind: 'access-key', ...credentials } },
    },
  });
  expect(made.status(), await made.text()).toBe(200);

  await new SettingsPage(page).open();
  await expect(page.getByRole('heading', { name: 'AWS target Main' })).toBeVisible();
  await expect(page.getByRole('heading', { name: `AWS target ${NAME}` })).toBeVisible();

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
  await jobs.remove(SERVER);
});
