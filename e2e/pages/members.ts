// The members of the workspace, and the pages behind their links.
import { expect, type Locator, type Page } from '@playwright/test';
import { Console, type Table } from './console.ts';

export class MembersPage extends Console {
  readonly members: Table = this.table('Members');
  readonly invitations: Table = this.table('Pending invitations');

  async open(): Promise<void> {
    await this.visit('/settings/members');
    await this.isAt('Members');
  }

  button(name: string): Locator {
    return this.page.getByRole('main').getByRole('button', { name, exact: true });
  }

  /** Answers the link, which is shown once. */
  async invite(email: string, role: string): Promise<string> {
    await this.button('Invite member').click();
    const dialog = this.page.getByRole('dialog');
    await dialog.getByLabel('E-mail').fill(email);
    await dialog.getByRole('radio', { name: role }).check({ force: true });
    await dialog.getByRole('button', { name: 'Create invitation link' }).click();
    return this.shownLink('Invitation link');
  }

  async passwordLink(name: string): Promise<string> {
    await this.members.select(name);
    await this.button('Password link').click();
    await this.page.getByRole('dialog').getByRole('button', { name: 'Create link' }).click();
    return this.shownLink('Link for a new password');
  }

  async changeRole(name: string, role: string): Promise<void> {
    await this.members.select(name);
    await this.button('Change role').click();
    await this.page.getByRole('dialog').getByRole('radio', { name: role }).check({ force: true });
    await this.confirm('Change role');
  }

  private async shownLink(label: string): Promise<string> {
    const dialog = this.page.getByRole('dialog');
    const link = (await dialog.getByRole('region', { name: label }).innerText()).trim();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await expect(dialog).toBeHidden();
    return link;
  }
}

/** What a link opens for who is not signed in. */
export class LinkPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async send(fields: Record<string, string>, button: string): Promise<void> {
    for (const [label, value] of Object.entries(fields))
      await this.#page.getByLabel(label, { exact: true }).fill(value);
    await this.#page.getByRole('button', { name: button }).click();
  }
}
