// An AWS target is created with a key that lacks a right; its test names the right, who denies and what to add; when that is added
// the test is green.
import { everyLook } from '../accessibility.ts';
import { SettingsPage } from '../pages/settings.ts';
import { expect, test } from '../story.ts';

const NAME = 'Tried';

test('the test of an AWS target names a right that is missing, and is green when it is added', async ({
  page,
  admin,
  lab,
  complaints,
  signedIn,
}) => {
  test.setTimeout(180_000);
  await signedIn(admin);
  const settings = new SettingsPage(page);
  const { region, bucket } = await lab.call<{ region: string; bucket: string }>('aws/credentials');
  const grant = (...denied: object[]) =>
    lab.call<{ accessKeyId: string; secretAccessKey: string }>('aws/iamUser', {
      name: 'tried',
      policies: [{ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }, ...denied] }],
    });
  const key = await grant({ Effect: 'Deny', Action: 'ec2:ImportSnapshot', Resource: '*' });

  await settings.visit('/settings/targets/create');
  await settings.fill({ Name: NAME, Region: region, 'Staging bucket': bucket, Prefix: 'landfall/tried/' });
  await settings.form.getByRole('button', { name: 'Endpoints' }).click();
  for (const service of ['S3', 'EC2', 'EBS direct', 'STS'])
    await settings.fill({ [`Endpoint of ${service} (optional)`]: lab.awsUrl() });
  await settings.pick('How the console signs in', 'Access key');
  await settings.fill({ 'Access key ID': key.accessKeyId, 'Secret access key': key.secretAccessKey });
  await settings.form.getByRole('button', { name: 'Create AWS target' }).click();
  await settings.isAt(new RegExp(`^${NAME}`));

  await expect(page.getByText('It has not been tested yet.')).toBeVisible();
  await page.getByRole('button', { name: 'Test target' }).click();
  await expect(page.getByText('ec2:ImportSnapshot is denied')).toBeVisible({ timeout: 40_000 });
  await expect(page.getByText('A policy of the identity denies it.')).toBeVisible();
  expect(await everyLook(page)).toEqual([]);

  await grant();
  await page.getByRole('checkbox', { name: /^Also try EBS direct/ }).check({ force: true });
  await page.getByRole('button', { name: 'Test target' }).click();
  await expect(page.getByText('ec2:ImportSnapshot is denied')).toBeHidden({ timeout: 40_000 });
  await expect(page.getByText(/^\d+ of \d+ rights are there/)).toBeVisible();
  await page.reload();
  await expect(page.getByText(/^\d+ of \d+ rights are there/)).toBeVisible();
  await page
    .getByRole('button', { name: /^Console/ })
    .first()
    .click();
  await expect(page.getByText('"OwnThingsOnly"')).toBeVisible();

  // The page still asks for what has just gone.
  complaints.expect(/status of 404 .*\/api\/trpc\/(targets|jobs\.target)/);
  await page.getByRole('button', { name: 'Delete AWS target' }).click();
  await settings.confirm('Delete');
  await settings.isAt('Settings');
});
