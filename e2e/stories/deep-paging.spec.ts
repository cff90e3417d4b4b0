// Pages have numbers up to row 10,000. What lies beyond is reached from its neighbour, and its address leads back to it.
import type { Page } from '@playwright/test';
import { haveLargeWorkspace, LARGE, serverName } from '../large-workspace.ts';
import { ServersPage } from '../pages/servers.ts';
import { expect, test } from '../story.ts';

const SIZE = 20;
const NUMBERED_ROWS = 10_000;
const LAST_NUMBER = NUMBERED_ROWS / SIZE;
const LAST_PAGE = Math.ceil(LARGE.servers / SIZE);

test('beyond ten thousand rows Next pages on, Previous comes back, and an address shows the same rows', async ({
  page,
  context,
  admin,
  signedIn,
}) => {
  test.setTimeout(120_000);
  await haveLargeWorkspace(process.env.LANDFALL_STORIES_DATA as string);
  await signedIn({ ...admin, email: LARGE.email });
  const numbered = (number: number) => page.getByRole('button', { name: new RegExp(`^Page ${number}\\b`) });
  const step = (name: 'Next page' | 'Previous page') => page.getByRole('button', { name, exact: true });

  await test.step('numbers end at row 10,000, and the count says that there are more', async () => {
    await new ServersPage(page).visit(`/servers?size=${SIZE}`);
    await new ServersPage(page).isAt('Servers (10,000+)');
    await shows(page, 1);
    // A number that is too large leads to the last one that there is.
    await new ServersPage(page).visit(`/servers?size=${SIZE}&page=4000`);
    await shows(page, LAST_NUMBER);
    await numbered(LAST_NUMBER - 1).click();
    await shows(page, LAST_NUMBER - 1);
    await numbered(LAST_NUMBER).click();
    await shows(page, LAST_NUMBER);
    expect(new URL(page.url()).searchParams.get('after')).toBeNull();
    await expect(numbered(LAST_NUMBER + 1)).toHaveCount(0);
  });

  await test.step('Next goes on to the very end', async () => {
    for (let number = LAST_NUMBER + 1; number <= LAST_PAGE; number += 1) {
      await step('Next page').click();
      await shows(page, number);
      await expect(page.getByText(`Page ${number}`, { exact: true })).toBeVisible();
    }
    await expect(step('Next page')).toBeDisabled();
  });

  await test.step('a reload, the same address in another tab, and Back show the same rows', async () => {
    await step('Previous page').click();
    await shows(page, LAST_PAGE - 1);
    await page.reload();
    await shows(page, LAST_PAGE - 1);
    const copied = await context.newPage();
    await copied.goto(page.url());
    await shows(copied, LAST_PAGE - 1);
    await copied.close();
    await page.goBack();
    await shows(page, LAST_PAGE);
  });

  await test.step('Previous comes back among the numbers', async () => {
    await new ServersPage(page).isAlive();
    for (let number = LAST_PAGE - 1; number >= LAST_NUMBER; number -= 1) {
      await step('Previous page').click();
      await shows(page, number);
    }
    expect(new URL(page.url()).searchParams.get('after')).toBeNull();
    await expect(numbered(LAST_NUMBER - 1)).toBeVisible();
  });

  await test.step('another order begins at its first page', async () => {
    await step('Next page').click();
    await shows(page, LAST_NUMBER + 1);
    // By the keyboard: at the end of the page the table's own header lies behind the one that sticks there.
    await page.getByRole('columnheader', { name: 'vCPUs' }).getByRole('button').first().press('Enter');
    await expect(page).toHaveURL((url) => !url.searchParams.has('after') && !url.searchParams.has('page'));
    // Every other server has one vCPU.
    await expect(new ServersPage(page).servers.row(serverName(10))).toBeVisible();
    await expect(new ServersPage(page).servers.row(serverName(1))).toHaveCount(0);
  });

  await test.step('First page leads back from anywhere', async () => {
    await page.goBack();
    await shows(page, LAST_NUMBER + 1);
    await page.getByRole('button', { name: 'First page', exact: true }).click();
    await shows(page, 1);
  });
});

/** By name, the page of this number has its rows, and the address says so. */
async function shows(page: Page, number: number): Promise<void> {
  const { servers } = new ServersPage(page);
  const first = (number - 1) * SIZE + 1;
  const last = Math.min(number * SIZE, LARGE.servers);
  await expect(servers.row(serverName(first))).toBeVisible();
  await expect(servers.row(serverName(last))).toBeAttached();
  await expect(servers.row(serverName(first - 1))).toHaveCount(0);
  await expect(page).toHaveURL((url) => Number(url.searchParams.get('page') ?? 1) === number);
}
