// Settings of the whole workspace.
import { expect } from '@playwright/test';
import { Console } from './console.ts';

interface TargetChoices {
  'Transfer path': 'S3 staging' | 'EBS direct';
  'How disks are read': 'Automatic' | 'Export only' | 'Datastore files';
  Verification: 'Sampled' | 'Every block';
}

export class SettingsPage extends Console {
  async open(): Promise<void> {
    await this.visit('/settings');
    await this.isAt('Settings');
    await expect(this.value('Account').first()).toContainText(/\d{12}/);
  }

  /** The card of the first AWS target becomes a form. */
  async edit(): Promise<void> {
    await this.page.getByRole('button', { name: 'Edit AWS target' }).first().click();
    await expect(this.page.getByRole('form', { name: 'AWS target' })).toBeVisible();
  }

  /** Chooses in the open form, saves, and waits for the answer. */
  async save(choices: Partial<TargetChoices>): Promise<void> {
    const form = this.page.getByRole('form', { name: 'AWS target' });
    for (const [group, label] of Object.entries(choices)) {
      const choice = form.getByRole('radiogroup', { name: group }).getByRole('radio', { name: label });
      await choice.check({ force: true });
    }
    await form.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(this.message('AWS target saved')).toBeVisible();
    await expect(form).toBeHidden();
  }
}
