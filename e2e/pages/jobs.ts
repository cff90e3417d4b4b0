// The list of replication jobs with its panel, and the page of one job.
import { expect, type Locator } from '@playwright/test';
import { Console, type Table } from './console.ts';

const RUN_MS = 90_000;

export class JobsPage extends Console {
  get jobs(): Table {
    return this.table('Replication jobs');
  }

  async open(): Promise<void> {
    await this.visit('/jobs');
    await this.isAt(/^Replication jobs/);
  }

  /** The page of the job of a server, which shows what the panel shows. */
  async openDetails(server: string): Promise<void> {
    await this.visit(`/jobs?q=${encodeURIComponent(`server=${server}`)}`);
    await this.jobs.row(server).getByRole('link', { name: server, exact: true }).click();
    await this.isAt(server);
  }

  /** The id of the newest AMI, from the open details. */
  async latestImage(): Promise<string> {
    const value = this.value('Latest AMI id');
    await expect(value).toContainText('ami-');
    return (await value.innerText()).trim();
  }

  tab(name: 'Job details' | 'Run history'): Locator {
    return this.page.getByRole('tab', { name, exact: true });
  }

  /** One of the two charts of the page of a job. */
  chart(name: 'Changed and sent bytes' | 'Duration'): Locator {
    return this.page.getByRole('application', { name: new RegExp(`^${name}`) });
  }

  get baseline(): Table {
    return this.table('Baseline');
  }

  get runState(): Locator {
    return this.value('Run state');
  }

  /** Why the newest run stands still, above its details. */
  get waiting(): Locator {
    return this.page.getByText('The run is waiting').locator('xpath=../..');
  }

  /** The id of the newest run, as the open panel names it. */
  async runId(): Promise<string> {
    const link = this.page.locator('dd').getByRole('link', { name: /^sms-run-/ });
    return (await link.innerText()).trim();
  }

  async act(item: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Actions', exact: true }).click();
    await this.page.getByRole('menuitem', { name: item, exact: true }).click();
  }

  /** Waits in the open panel until the newest run has ended in this state. */
  async runEnds(state: 'Completed' | 'Cancelled'): Promise<void> {
    const ended = /Completed|Failed|Cancelled|Missed/;
    await expect(this.runState).toHaveText(ended, { timeout: RUN_MS });
    await expect(this.runState).toHaveText(new RegExp(state));
  }

  /** Deletes the job of a server, if there is one: a story leaves none behind. */
  async remove(server: string): Promise<void> {
    await this.visit(`/jobs?q=${encodeURIComponent(`server=${server}`)}`);
    await this.isAt(/^Replication jobs/);
    const row = this.jobs.row(server);
    await expect(row.or(this.page.getByText('No matches'))).toBeVisible();
    if (!(await row.isVisible())) return;
    await this.jobs.select(server);
    await this.act('Delete replication job');
    await this.confirm('Delete', 'delete');
    await expect(row).toBeHidden({ timeout: RUN_MS });
  }
}
