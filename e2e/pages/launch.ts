// The wizard that launches an instance of an AMI.
import { expect } from '@playwright/test';
import { Console } from './console.ts';

export const LAUNCH_STEPS = [
  'AMI and purpose',
  'Instance type',
  'Network and key pair',
  'Storage',
  'Tags and user data',
  'Review',
] as const;

export class LaunchWizard extends Console {
  async isOpen(): Promise<void> {
    await this.isAt(LAUNCH_STEPS[0]);
  }

  async next(to: (typeof LAUNCH_STEPS)[number]): Promise<void> {
    await this.page.getByRole('button', { name: 'Next', exact: true }).click();
    await this.isAt(to);
  }

  /** With everything as it was suggested. */
  async throughAllSteps(): Promise<void> {
    await this.isOpen();
    for (const step of LAUNCH_STEPS.slice(1)) await this.next(step);
  }

  /** Launches; the page of the instance then opens. */
  async launch(): Promise<void> {
    await this.page.getByRole('button', { name: 'Launch', exact: true }).click();
    await expect(this.page).toHaveURL(/\/instances\/[^/]+$/);
  }
}
