// What every page of the console has: navigation, messages, tables, labelled values.
import { expect, type Locator, type Page } from '@playwright/test';

const exactly = (text: string) => new RegExp(`^\\s*${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\s*$`);

export class Console {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async visit(path: string): Promise<void> {
    await this.page.goto(path);
    await this.isAlive();
  }

  /** Until React has taken the page over, a click on what the server sent would be lost. */
  async isAlive(): Promise<void> {
    await expect(this.page.locator('.settling')).toHaveCount(0);
  }

  /** By the navigation at the side, as a person goes. */
  async goTo(title: string): Promise<void> {
    const link = this.page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: title, exact: true });
    await link.click();
    await this.isAt(title);
  }

  async isAt(title: string | RegExp): Promise<void> {
    await expect(this.page.getByRole('heading', { level: 1, name: title }).first()).toBeVisible();
  }

  message(text: string | RegExp): Locator {
    return this.page.getByRole('region', { name: 'Messages' }).getByText(text);
  }

  table(name: string): Table {
    return new Table(this.page, name);
  }

  /** On a narrow screen: the rows of a table, each of which is a card. */
  cards(name: string): Locator {
    return this.page.locator(`ol[aria-label="${name}"] > li`);
  }

  /** The value that stands under a label. */
  value(label: string, within: Locator | Page = this.page): Locator {
    return within
      .locator('dt')
      .filter({ hasText: exactly(label) })
      .locator('xpath=following-sibling::dd[1]');
  }

  /** Opens a list of Cloudscape's and takes one of its options. */
  async choose(list: Locator, option: string | RegExp): Promise<void> {
    await list.click();
    await this.page.getByRole('option', { name: option }).click();
  }

  /** Answers the question before something goes; `word` is typed where it is asked for. */
  async confirm(verb: string, word?: string): Promise<void> {
    const dialog = this.page.getByRole('dialog');
    if (word) await dialog.getByRole('textbox').fill(word);
    await dialog.getByRole('button', { name: verb, exact: true }).click();
    await expect(dialog).toBeHidden();
  }
}

/** A table by its label. */
export class Table {
  readonly root: Locator;
  readonly #page: Page;

  constructor(page: Page, name: string) {
    this.#page = page;
    this.root = page
      .getByRole('grid', { name, exact: true })
      .or(page.getByRole('table', { name, exact: true }))
      .first();
  }

  /** The row whose name (the cell that heads it) is this. */
  row(name: string | RegExp): Locator {
    const head = this.#page.getByRole('rowheader', { name, ...(typeof name === 'string' ? { exact: true } : {}) });
    return this.root.getByRole('row').filter({ has: head });
  }

  box(name: string): Locator {
    const label = { name: `Select ${name}`, exact: true };
    return this.root.getByRole('checkbox', label).or(this.root.getByRole('radio', label));
  }

  async select(name: string): Promise<void> {
    await this.#set(name, true);
  }

  async unselect(name: string): Promise<void> {
    await this.#set(name, false);
  }

  /** The table may still be on its way to its place when the click comes: then once more. */
  async #set(name: string, selected: boolean): Promise<void> {
    const box = this.box(name);
    await expect(async () => {
      // At the edge of the window a scroll bar that sticks there would take the click.
      await box.evaluate((element) => element.scrollIntoView({ block: 'center' }));
      if ((await box.isChecked()) !== selected) await box.click({ force: true });
      await expect(box).toBeChecked({ checked: selected, timeout: 2000 });
    }).toPass({ timeout: 30_000 });
  }
}
