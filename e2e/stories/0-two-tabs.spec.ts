// A first visit on a busy machine: every answer late, tabs that press the same button, pressed twice, a reload in the
// middle, an answer that is lost. It becomes one job, and nothing stands in red.
// Its name makes it the first: later the overview shows no first visit any more.
import type { Page } from '@playwright/test';
import { Console } from '../pages/console.ts';
import { JobsPage } from '../pages/jobs.ts';
import { watchRedBoxes } from '../red-boxes.ts';
import { slowAnswers } from '../slow-answers.ts';
import { expect, test } from '../story.ts';

const BUTTON = 'Replicate the smallest lab server';
const SLOW_MS = 120_000;

test.use({ trace: 'off' });

test('two tabs, double clicks and lost answers make one job and no red box', async ({
  page,
  context,
  admin,
  lab,
  signedIn,
  complaints,
}) => {
  test.setTimeout(600_000);
  complaints.expect(/ERR_CONNECTION_RESET .*replicateSmallest/);
  const redBoxes = await watchRedBoxes(context);
  await slowAnswers(context, { lose: [/overview\.replicateSmallest/] });
  await signedIn(admin);
  const [second, reloaded] = [await context.newPage(), await context.newPage()];
  const tabs = [page, second, reloaded];
  await test.step('three tabs on a first visit', async () => {
    await Promise.all([second, reloaded].map((tab) => tab.goto('/overview', { timeout: SLOW_MS })));
    for (const tab of tabs) {
      await expect(tab.getByText('1. Connect: done')).toBeVisible({ timeout: SLOW_MS });
      await expect(tab.locator('.settling')).toHaveCount(0, { timeout: SLOW_MS });
    }
  });

  const images = async () => (await lab.call<unknown[]>('aws/images')).length;
  const imagesBefore = await images();
  // The import takes long enough to be waited for.
  await lab.rule({ side: 'vcenter', operation: 'RetrievePropertiesEx', effect: { kind: 'delay', ms: 500 } });
  await test.step('all press at once, one twice, one reloads in the middle', async () => {
    await Promise.all([page.bringToFront().then(() => button(page).dblclick()), press(second), press(reloaded)]);
    await reloaded.reload({ timeout: SLOW_MS });
  });

  const jobIds = await test.step('those that pressed are led to the same job', async () => {
    const ids: string[] = [];
    for (const tab of [page, second]) {
      await expect(tab).toHaveURL(/\/jobs\/sms-job-[0-9a-f]+$/, { timeout: SLOW_MS });
      ids.push(new URL(tab.url()).pathname.split('/').at(-1) as string);
    }
    return ids;
  });
  expect(new Set(jobIds).size, 'one job').toBe(1);

  const server = await test.step('there is one job, with one run and one AMI', async () => {
    await lab.forgetRules();
    const heading = page.getByRole('heading', { level: 1 }).first();
    await expect(heading).toBeVisible({ timeout: SLOW_MS });
    const name = (await heading.innerText()).trim();
    const jobs = new JobsPage(page);
    await expect(jobs.runState).toHaveText('Completed', { timeout: 180_000 });
    await new Console(page).visit('/jobs');
    await expect(jobs.jobs.row(name)).toBeVisible({ timeout: SLOW_MS });
    await expect(page.getByRole('heading', { level: 1, name: 'Replication jobs (1)' })).toBeVisible();
    await new Console(page).visit('/runs');
    await expect(page.getByRole('heading', { level: 1, name: 'Runs (1)' })).toBeVisible({ timeout: SLOW_MS });
    expect(await images(), 'one AMI').toBe(imagesBefore + 1);
    return name;
  });

  await test.step('the tab that was reloaded is up to date without another press', async () => {
    await expect(reloaded.getByText('3. Replicate: done')).toBeVisible({ timeout: SLOW_MS });
    await expect(button(reloaded)).toHaveCount(0);
  });
  expect(redBoxes, 'what stood in red').toEqual([]);

  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await new JobsPage(page).remove(server);
});

const button = (tab: Page) => tab.getByRole('button', { name: BUTTON });

/** Twice in the same moment, as no hand could: before the page has drawn anything new. */
async function press(tab: Page): Promise<void> {
  await button(tab).evaluate((element: HTMLElement) => {
    element.click();
    element.click();
  });
}
