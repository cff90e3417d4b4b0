// Planning a cutover, its runbook, its wall view and its evidence.
import { expect, type Locator } from '@playwright/test';
import { Console } from './console.ts';

const STEP_MS = 120_000;

export class CutoverPage extends Console {
  /** From the open page of a job. */
  async plan(): Promise<void> {
    await this.page.getByRole('button', { name: 'Actions', exact: true }).click();
    await this.page.getByRole('menuitem', { name: 'Cut over', exact: true }).click();
    await this.isAt(/^Plan cutover/);
  }

  /** A field of the plan. */
  field(label: string): Locator {
    return this.page.getByLabel(label, { exact: true });
  }

  async option(name: string): Promise<void> {
    await this.page.getByRole('radio', { name }).click({ force: true });
  }

  /** Starts it at once, and is then on its page. */
  async startNow(): Promise<void> {
    await this.option('Start now');
    await this.page.getByRole('button', { name: 'Start cutover', exact: true }).click();
    await this.confirm('Start cutover');
    await expect(this.page).toHaveURL(/\/cutovers\/cutover-[0-9a-f]+$/);
    await this.isAlive();
  }

  /** Plans it without a time, and is then on its page. */
  async planForLater(): Promise<void> {
    await this.option('When I start it');
    await this.page.getByRole('button', { name: 'Plan cutover', exact: true }).click();
    await expect(this.page).toHaveURL(/\/cutovers\/cutover-[0-9a-f]+$/);
    await this.isAlive();
  }

  get id(): string {
    return new URL(this.page.url()).pathname.split('/').at(-1) ?? '';
  }

  get clock(): Locator {
    return this.page.getByRole('timer', { name: 'Downtime' });
  }

  /** The button of an answer, as soon as the cutover asks for it. */
  async asked(answer: string): Promise<Locator> {
    const button = this.page.getByRole('main').getByRole('button', { name: answer, exact: true });
    await expect(button).toBeVisible({ timeout: STEP_MS });
    return button;
  }

  async answer(answer: string): Promise<void> {
    await (await this.asked(answer)).click();
  }

  async isNow(state: string): Promise<void> {
    await expect(this.value('State')).toContainText(state, { timeout: STEP_MS });
  }
}
