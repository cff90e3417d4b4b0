// Windows servers go through VM Import, each under the licence that was chosen for it; Linux has no such choice.
import { CreateJobWizard } from '../pages/create-job.ts';
import { JobsPage } from '../pages/jobs.ts';
import { ServersPage } from '../pages/servers.ts';
import { expect, test } from '../story.ts';

interface LabImage {
  id: string;
  platformDetails: string;
  usageOperation: string;
}

const LICENCES = [
  { server: 'dc-01', licence: 'AWS', usageOperation: 'RunInstances:0002' },
  { server: 'files-01', licence: 'BYOL', usageOperation: 'RunInstances:0800' },
];

test('a Windows server becomes an AMI under the licence of AWS or under its own', async ({
  page,
  admin,
  lab,
  signedIn,
}) => {
  await signedIn(admin);
  await new ServersPage(page).haveCatalog();
  const jobs = new JobsPage(page);
  for (const { server } of LICENCES) await jobs.remove(server);

  const wizard = new CreateJobWizard(page);
  await wizard.open();
  for (const { server } of LICENCES) await wizard.servers.select(server);
  await wizard.servers.select('legacy-01');
  await wizard.next('Server-specific settings');

  await wizard.licenceOf('legacy-01').click();
  await expect(page.getByRole('option')).toHaveText([/^Auto/, /^BYOL/]);
  await page.keyboard.press('Escape');
  await wizard.licenceOf('dc-01').click();
  await expect(page.getByRole('option')).toHaveText([/^Auto.*Auto is AWS/s, /^AWS/, /^BYOL/]);
  await page.keyboard.press('Escape');

  await wizard.next('Job settings');
  await wizard.chooseOneTime();
  await wizard.next('Review');
  const shown = (server: string) => wizard.review.getByRole('row').filter({ hasText: server });
  await expect(shown('dc-01')).toContainText('Auto (AWS)');
  await expect(shown('dc-01')).toContainText('VM Import');
  await expect(shown('legacy-01')).toContainText('Auto (BYOL)');

  await test.step('Previous keeps what was chosen', async () => {
    await wizard.previous('Job settings');
    await expect(page.getByRole('radio', { name: 'One-time migration' })).toBeChecked();
    await wizard.previous('Server-specific settings');
    await wizard.previous('Servers');
    await wizard.servers.unselect('legacy-01');
    await wizard.next('Server-specific settings');
    for (const { server, licence } of LICENCES) await wizard.setLicence(server, licence);
    await wizard.next('Job settings');
    await wizard.next('Review');
    for (const { server, licence } of LICENCES) await expect(shown(server)).toContainText(licence);
    await expect(wizard.value('Replication jobs')).toHaveText('2 replication jobs');
  });
  await wizard.create();

  for (const { server, licence, usageOperation } of LICENCES) {
    await test.step(`${server} under ${licence}`, async () => {
      await jobs.openDetails(server);
      await jobs.runEnds('Completed');
      await expect(jobs.value('Licence')).toHaveText(licence);
      await expect(jobs.value('Image method')).toHaveText('VM Import');
      const imageId = await jobs.latestImage();
      const image = (await lab.call<LabImage[]>('aws/images')).find(({ id }) => id === imageId);
      expect(image).toMatchObject({ platformDetails: expect.stringContaining('Windows'), usageOperation });
    });
  }
  for (const { server } of LICENCES) await jobs.remove(server);
});
