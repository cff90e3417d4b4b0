// The wizard that creates replication jobs.
import { expect, type Locator } from '@playwright/test';
import { Console, type Table } from './console.ts';

export class CreateJobWizard extends Console {
  get servers(): Table {
    return this.table('Server catalog');
  }

  get review(): Locator {
    return this.page.getByRole('table', { name: 'Servers and their settings' });
  }

  async open(): Promise<void> {
    await this.visit('/jobs/create');
    await this.isAt('Servers');
  }

  async next(to: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Next', exact: true }).click();
    await this.isAt(to);
  }

  async previous(to: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Previous', exact: true }).click();
    await this.isAt(to);
  }

  licenceOf(server: string): Locator {
    return this.page.getByRole('button', { name: `Licence of ${server}` });
  }

  async setLicence(server: string, label: string): Promise<void> {
    await this.choose(this.licenceOf(server), new RegExp(`^${label}\\b`));
    await expect(this.licenceOf(server)).toContainText(label);
  }

  async chooseOneTime(): Promise<void> {
    await this.page.getByRole('radio', { name: 'One-time migration' }).click({ force: true });
  }

  /** A job setting with a number: `Hours between runs`. */
  number(label: string): Locator {
    return this.page.getByRole('spinbutton', { name: label });
  }

  /** `Automatic AMI deletion`, with so many kept. */
  async keep(images: number): Promise<void> {
    await this.page
      .getByRole('radiogroup', { name: 'Automatic AMI deletion' })
      .getByRole('radio', { name: 'Yes' })
      .click({ force: true });
    await this.number('AMIs to keep').fill(String(images));
  }

  /** Sends it; the list of jobs then shows what was created. */
  async create(): Promise<void> {
    await this.page.getByRole('button', { name: 'Create', exact: true }).click();
    await expect(this.page).toHaveURL(/\/jobs\?sel=/);
    await this.isAt(/^Replication jobs/);
  }

  /** The whole wizard for one server, with one run that starts at once. */
  async createOneTimeJob(server: string, licence?: string): Promise<void> {
    await this.open();
    await this.servers.select(server);
    await this.next('Server-specific settings');
    if (licence) await this.setLicence(server, licence);
    await this.next('Job settings');
    await this.chooseOneTime();
    await this.next('Review');
    await this.create();
  }
}
