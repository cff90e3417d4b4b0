// Single sign-on in a browser against a real provider: two people of two groups, one who leaves the group, and a provider that is away.
import type { Page } from '@playwright/test';
import { OpenIdProvider, type Person } from '../openid.ts';
import { expect, test } from '../story.ts';

const ISSUER = process.env.LANDFALL_OIDC_ISSUER ?? '';
const ann: Person = { name: 'Ann Engineer', email: 'ann@example.com', groups: ['Engineers', 'Everybody'] };
const will: Person = { name: 'Will Watcher', email: 'will@example.com', groups: ['Watchers'] };

let provider: OpenIdProvider;
test.beforeAll(async ({ baseURL }) => {
  provider = await OpenIdProvider.start(ISSUER, baseURL ?? '');
});
test.afterAll(() => provider.end());

const button = (page: Page) => page.getByRole('button', { name: 'Sign in with Test provider' });
const alert = (page: Page) => page.getByRole('form', { name: 'Single sign-on' }).getByRole('alert');

async function signInAs(page: Page, { name }: Person): Promise<void> {
  await page.goto('/sign-in');
  await button(page).click();
  const known = page.getByRole('link', { name: `Continue as ${name}` });
  await expect(known.or(alert(page)).or(page.getByRole('heading', { level: 1, name: 'Overview' }))).not.toHaveText('');
  if (await known.isVisible()) await known.click();
}

async function giveRole(page: Page, row: number, group: string, role: string): Promise<void> {
  await page.getByRole('button', { name: 'Add group' }).click();
  await page.getByRole('textbox', { name: `Group, row ${row}` }).fill(group);
  // What a new row has already.
  if (role === 'Viewer') return;
  await page.getByRole('button', { name: `Role, row ${row}` }).click();
  await page.getByRole('option', { name: new RegExp(`^${role}`) }).click();
}

test('groups of a provider decide who comes in, and as what', async ({ page, browser, admin, signedIn }) => {
  await provider.people({ ann, will });
  await signedIn(admin);
  await test.step('an administrator gives two groups a role', async () => {
    await page.goto('/settings');
    await page.getByRole('button', { name: 'Edit roles of groups' }).click();
    await giveRole(page, 1, 'Engineers', 'Operator');
    await giveRole(page, 2, 'Watchers', 'Viewer');
    await page.getByRole('form', { name: 'Roles of groups' }).getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Roles of groups saved')).toBeVisible();
  });

  const annes = await (await browser.newContext()).newPage();
  const wills = await (await browser.newContext()).newPage();
  await test.step('each comes in with the role of the group', async () => {
    await page.goto('/settings/members');
    await signInAs(annes, ann);
    await expect(annes).toHaveURL(/\/overview$/);
    await signInAs(wills, will);
    await expect(wills).toHaveURL(/\/overview$/);
    await expect(page.getByRole('row', { name: /Ann Engineer/ })).toContainText('Operator');
    await expect(page.getByRole('row', { name: /Will Watcher/ })).toContainText('Viewer');
  });

  await test.step('who has left the group is sent away, out of the other browser too', async () => {
    await provider.people({ ann: { ...ann, groups: ['Everybody'] }, will });
    const again = await (await browser.newContext()).newPage();
    await signInAs(again, ann);
    await expect(alert(again)).toContainText('None of your groups may use this console');
    await expect(annes).toHaveURL(/\/sign-in/);
    await expect(page.getByRole('row', { name: /Ann Engineer/ })).toHaveCount(0);
  });

  await test.step('who signs out is signed out at the provider as well', async () => {
    await wills.getByRole('button', { name: will.name }).click();
    await wills.getByRole('menuitem', { name: 'Sign out', exact: true }).click();
    await wills.getByRole('button', { name: 'Sign out' }).click();
    await expect(button(wills)).toBeVisible();
    await button(wills).click();
    await expect(wills.getByRole('link', { name: 'Cancel' })).toBeVisible();
    await wills.getByRole('link', { name: 'Cancel' }).click();
    await expect(alert(wills)).toContainText('The sign-in was not completed');
  });

  await test.step('a provider that is away is named', async () => {
    await provider.running(false);
    await wills.goto('/sign-in');
    await button(wills).click();
    await expect(alert(wills)).toContainText('The provider does not answer');
    await provider.running(true);
  });
});
