// Somebody mistypes the password, is told no more than that, and gets in with the right one.
import { SignInPage } from '../pages/sign-in.ts';
import { expect, test } from '../story.ts';

test('a wrong password is refused without telling who exists, and the right one then works', async ({
  page,
  admin,
  complaints,
}) => {
  complaints.expect(/status of 401 .*\/api\/auth\/callback\/credentials/);
  const icon = await page.request.get('/favicon.ico');
  expect(icon.headers()['content-type'], 'what a browser asks for by itself').toContain('image/svg');
  await page.goto('/jobs?q=web');
  await expect(page, 'a page behind the sign-in sends there').toHaveURL(/\/sign-in\?callbackUrl=/);
  const signIn = new SignInPage(page);

  await signIn.send({ email: admin.email, password: 'not-the-password' });
  await expect(signIn.alert).toContainText('Wrong e-mail address or password');
  const toMember = await signIn.alert.innerText();
  await expect(signIn.password).toBeFocused();
  await expect(signIn.password).toHaveAttribute('aria-invalid', 'true');

  await signIn.send({ email: 'nobody@landfall.local', password: 'not-the-password' });
  await expect(signIn.button).toHaveText('Sign in');
  await expect(signIn.alert).toHaveText(toMember, { useInnerText: true });
  await page.goto('/overview');
  await expect(page, 'a refusal leaves no session').toHaveURL(/\/sign-in/);

  await page.goto('/jobs?q=web');
  await signIn.send(admin);
  await expect(page, 'signed in, where one wanted to go').toHaveURL(/\/jobs\?q=web$/);

  await page.getByRole('button', { name: admin.name }).click();
  await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  await page.goto('/overview');
  await expect(page, 'signing out ends the session').toHaveURL(/\/sign-in/);
});
