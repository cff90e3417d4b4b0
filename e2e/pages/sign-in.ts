// The page on which a member signs in.
import type { Locator, Page } from '@playwright/test';

export class SignInPage {
  readonly email: Locator;
  readonly password: Locator;
  readonly button: Locator;
  readonly alert: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    const form = page.getByRole('form', { name: 'Sign in', exact: true });
    this.email = form.getByLabel('E-mail');
    this.password = form.getByLabel('Password');
    this.button = form.getByRole('button', { name: 'Sign in' });
    this.alert = form.getByRole('alert');
  }

  async open(): Promise<void> {
    await this.#page.goto('/sign-in');
  }

  async send(member: { email: string; password: string }): Promise<void> {
    await this.email.fill(member.email);
    await this.password.fill(member.password);
    await this.button.click();
  }
}
