// A whole Linux on its way through the console: what its serial console says in the browser is what it was at its snapshot.
import { randomBytes } from 'node:crypto';
import { CreateJobWizard } from '../pages/create-job.ts';
import { JobsPage } from '../pages/jobs.ts';
import { LAUNCH_STEPS, LaunchWizard } from '../pages/launch.ts';
import { ServersPage } from '../pages/servers.ts';
import { expect, test } from '../story.ts';

const SERVER = 'tiny-guest';
const VM = 'vm-204';

test('the tiny guest boots from its AMI with the marker of its snapshot', async ({ page, admin, lab, signedIn }) => {
  const before = `before-${randomBytes(6).toString('hex')}`;
  const after = `after-${randomBytes(6).toString('hex')}`;
  const mark = (text: string) => lab.call('vcenter/marker', { vm: VM, text });
  await mark(before);

  await signedIn(admin);
  const catalog = new ServersPage(page);
  await catalog.haveCatalog();
  const jobs = new JobsPage(page);
  await test.step('its disk changes while it is copied', async () => {
    // The copy lasts until the guest has written again.
    await lab.slowCopy(VM, 200_000);
    await new CreateJobWizard(page).createOneTimeJob(SERVER);
    await expect(async () => {
      const { snapshots } = await lab.vcenterState();
      expect(snapshots.filter(({ vm }) => vm === VM)).toHaveLength(1);
    }).toPass({ timeout: 120_000 });
    await mark(after);
    await lab.forgetRules();
    const ended = /Completed|Failed|Cancelled|Missed/;
    await expect(jobs.runState).toHaveText(ended, { timeout: 300_000 });
    await expect(jobs.runState).toHaveText(/Completed/);
  });

  const imageId = await jobs.latestImage();
  await test.step('an instance of its AMI says that it is ready', async () => {
    await jobs.tab('Run history').click();
    await page.getByRole('link', { name: `Launch instance from ${imageId}` }).click();
    const wizard = new LaunchWizard(page);
    await wizard.isOpen();
    for (const step of LAUNCH_STEPS.slice(1)) await wizard.next(step);
    await wizard.launch();
    const said = page.getByRole('log');
    await expect(said).toContainText('TINY-GUEST READY', { timeout: 300_000 });
    const line = /TINY-GUEST READY.*/.exec(await said.innerText())?.[0] ?? '';
    console.log(line);
    expect(line).toContain(`marker=${before} `);
    await expect(said).not.toContainText(after);
  });
});
