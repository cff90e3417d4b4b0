// The list of connectors.
import { expect, type Locator } from '@playwright/test';
import { Console, type Table } from './console.ts';

export class ConnectorsPage extends Console {
  get connectors(): Table {
    return this.table('Connectors');
  }

  async open(): Promise<void> {
    await this.visit('/connectors');
    await this.isAt(/^Connectors/);
  }

  /** The row of the lab's connector: there is no other. */
  get only(): Locator {
    return this.connectors.root.getByRole('row').filter({ has: this.page.getByRole('rowheader') });
  }

  async isHealthy(timeout = 60_000): Promise<void> {
    await expect(this.only).toContainText('Healthy', { timeout });
  }

  /** The path of the page of the only connector. */
  async detailsPath(): Promise<string> {
    const link = this.only.getByRole('rowheader').getByRole('link');
    return (await link.getAttribute('href')) ?? '';
  }
}
