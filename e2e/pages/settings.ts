// Settings of the whole workspace, and the pages of its AWS targets.
import { expect, type Locator } from '@playwright/test';
import { Console } from './console.ts';

interface TargetChoices {
  'Transfer path': 'S3 staging' | 'EBS direct';
  'How disks are read': 'Automatic' | 'Export only' | 'Datastore files';
  Verification: 'Sampled' | 'Every block';
}

export class SettingsPage extends Console {
  get targets() {
    return this.table('AWS targets');
  }

  get form(): Locator {
    return this.page.getByRole('form', { name: 'AWS target' });
  }

  async open(): Promise<void> {
    await this.visit('/settings');
    await this.isAt('Settings');
    await expect(this.targets.row('Main')).toContainText(/\d{12}/);
  }

  /** From the list, by its name. */
  async openTarget(name = 'Main'): Promise<void> {
    await this.targets.root.getByRole('link', { name, exact: true }).click();
    await this.isAt(new RegExp(`^${name}`));
    await this.isAlive();
  }

  /** The form of the first AWS target, from the list. */
  async edit(): Promise<void> {
    await this.openTarget();
    await this.editThis();
  }

  /** The form of the target whose page is open. */
  async editThis(): Promise<void> {
    await this.page
      .getByRole('link', { name: 'Edit AWS target' })
      .or(this.page.getByRole('button', { name: 'Edit AWS target' }))
      .click();
    await expect(this.form).toBeVisible();
    await this.isAlive();
  }

  async pick(group: string, label: string): Promise<void> {
    await this.form.getByRole('radiogroup', { name: group }).getByRole('radio', { name: label }).check({ force: true });
  }

  async fill(fields: Record<string, string>): Promise<void> {
    for (const [label, text] of Object.entries(fields)) {
      const field = this.form.getByLabel(label, { exact: true });
      await field.fill(text);
      await field.blur();
    }
  }

  /** Chooses in the open form, saves, and waits for the target's page. */
  async save(choices: Partial<TargetChoices>): Promise<void> {
    for (const [group, label] of Object.entries(choices)) await this.pick(group, label);
    await this.form.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(this.message(/^AWS target .* saved$/)).toBeVisible();
    await expect(this.form).toBeHidden();
  }
}
