// Two browsers: one invites, changes the role and removes; the other comes in by a link, sees what changes as it happens, and is out.
import { everyLook } from '../accessibility.ts';
import { Console } from '../pages/console.ts';
import { LinkPage, MembersPage } from '../pages/members.ts';
import { expect, test } from '../story.ts';

const EMAIL = `ann-${Date.now()}@example.com`;
const NAME = 'Ann Miller';
const PASSWORD = 'three words and a half';

test('a member comes in by a link, gets another role while looking, a new password, and is out when removed', async ({
  page,
  admin,
  browser,
  signedIn,
}) => {
  await signedIn(admin);
  const members = new MembersPage(page);
  await members.open();
  const invitation = await members.invite(EMAIL, 'Viewer');
  expect(invitation).toMatch(/\/invitation\/[\w-]{43}$/);
  await expect(members.invitations.row(EMAIL)).toContainText('Viewer');
  expect.soft(await everyLook(page), 'members').toEqual([]);

  const context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1440, height: 900 } });
  const other = await context.newPage();
  const link = new LinkPage(other);
  const theirs = new MembersPage(other);
  await test.step('the link lets a new person in, with a password that is not easy to guess', async () => {
    const answer = await other.goto(invitation);
    expect(answer?.headers()).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': /no-store/ });
    expect.soft(await everyLook(other), 'invitation').toEqual([]);
    await link.send({ 'Your name': NAME, Password: 'password1' }, 'Create account and join');
    await expect(other.getByText('one of the most common passwords')).toBeVisible();
    await link.send({ Password: PASSWORD }, 'Create account and join');
    await expect(other).toHaveURL(/\/overview$/);
  });

  await test.step('both see the member; one of them may change nothing, and is told why', async () => {
    await expect(members.members.row(NAME)).toContainText(EMAIL);
    await expect(members.invitations.row(EMAIL)).toHaveCount(0);
    await theirs.open();
    await expect(theirs.button('Invite member')).toHaveAttribute('aria-disabled', 'true');
    await theirs.button('Invite member').hover();
    await expect(other.getByRole('tooltip').getByText('Only administrators invite members.')).toBeVisible();
  });

  await test.step('another role shows on the page that is open', async () => {
    await members.changeRole(NAME, 'Administrator');
    await expect(theirs.button('Invite member')).not.toHaveAttribute('aria-disabled', 'true', { timeout: 5000 });
    await members.changeRole(NAME, 'Operator');
    await expect(theirs.button('Invite member')).toHaveAttribute('aria-disabled', 'true', { timeout: 5000 });
  });

  await test.step('a used link says that it was used', async () => {
    await other.goto(invitation);
    await expect(other.getByText('This invitation was accepted')).toBeVisible();
  });

  await test.step('a new password by a link ends the session, and the profile shows the new one', async () => {
    const reset = await members.passwordLink(NAME);
    await other.goto(reset);
    expect.soft(await everyLook(other), 'reset').toEqual([]);
    await link.send({ 'New password': `${PASSWORD} more` }, 'Set password and sign in');
    await expect(other).toHaveURL(/\/overview$/);
    await theirs.visit('/profile');
    await expect(theirs.table('Sessions').root.getByText('This one')).toHaveCount(1);
    await expect(theirs.table('Sessions').root.getByRole('row')).toHaveCount(2);
    expect.soft(await everyLook(other), 'profile').toEqual([]);
  });

  await test.step('removed, the member is out without doing anything', async () => {
    await members.members.select(NAME);
    await members.button('Remove').click();
    await members.confirm('Remove');
    await expect(other).toHaveURL(/\/sign-in\?ended=1/, { timeout: 5000 });
    await expect(members.members.row(NAME)).toHaveCount(0);
    await new Console(page).visit('/activity');
    await expect(page.getByRole('rowheader', { name: 'Removed member' }).first()).toBeVisible();
  });
  await context.close();
});
