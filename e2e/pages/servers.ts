// The server catalog.
import { expect } from '@playwright/test';
import { Console, type Table } from './console.ts';

export class ServersPage extends Console {
  get servers(): Table {
    return this.table('Servers');
  }

  async open(): Promise<void> {
    await this.visit('/servers');
    await this.isAt(/^Servers/);
  }

  /** Whatever ran before: afterwards the catalog of the lab is there. */
  async haveCatalog(): Promise<void> {
    await this.open();
    const import_ = this.page.getByRole('button', { name: 'Import server catalog', exact: true });
    const again = this.page.getByRole('button', { name: 'Re-import server catalog', exact: true });
    await expect(import_.or(again).first()).toBeVisible();
    if (await import_.first().isVisible()) await import_.first().click();
    await expect(again).toBeVisible({ timeout: 60_000 });
    await expect(this.servers.row('web-01')).toBeVisible({ timeout: 60_000 });
  }

  /** The panel of a server at one of its tabs. */
  async openPanel(server: string, tab: string | RegExp): Promise<void> {
    await this.servers.select(server);
    await this.page
      .getByRole('tablist', { name: `Server ${server}` })
      .getByRole('tab', { name: tab })
      .click();
  }
}
