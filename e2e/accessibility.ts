// Every page as axe judges it: light, dark and on a narrow screen.
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

export const WIDE = { width: 1440, height: 900 };
export const NARROW = { width: 390, height: 844 };

/** What a theme can break, and a narrow screen cannot. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/** All of them when left out. */
type Rules = 'colours' | 'layout';

/** Violations of the page as it stands (or of what a selector finds on it), each with the first place it was found at. */
export async function violationsOf(page: Page, part?: string, rules?: Rules): Promise<string[]> {
  // Of what passes axe would hand over every element; and no page has frames, for which it would open another one.
  const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] });
  if (part) axe.include(part);
  if (rules === 'layout') axe.disableRules(COLOURS);
  if (rules === 'colours') axe.withRules(COLOURS);
  const { violations } = await axe.analyze();
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.length} × ${nodes[0]?.html.slice(0, 300)}`);
}

/**
 * The same in light, in dark and at 390 px; leaves the page in light and wide. Also, no table has columns out of sight at
 * 1440 px; at 390 px nothing is wider than the screen, and every table has become cards.
 */
export async function everyLook(page: Page, part?: string): Promise<string[]> {
  const found: string[] = [];
  const look = async (name: string, rules?: Rules) => {
    found.push(...(await violationsOf(page, part, rules)).map((text) => `${name}: ${text}`));
  };
  await look('light');
  if (!part) found.push(...(await tablesTooWide(page)).map((text) => `1440 px: out of sight in the table ${text}`));
  found.push(...(await valuesTooWide(page)).map((text) => `1440 px: over its neighbour lies ${text}`));
  await inDark(page, true);
  await look('dark', 'colours');
  await inDark(page, false);
  await page.setViewportSize(NARROW);
  await look('390 px', 'layout');
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (overflow > 0) found.push(`390 px: the page is ${overflow} px wider than the screen`);
  found.push(...(await valuesTooWide(page)).map((text) => `390 px: wider than its place is ${text}`));
  for (const name of await page.locator('main table').evaluateAll(namesOf)) {
    found.push(`390 px: the table ${name} has not become cards`);
  }
  await page.setViewportSize(WIDE);
  return found;
}

/** Runs in the page. The evidence of a cutover is paper, also on a small screen. */
const namesOf = (tables: Element[]) =>
  tables
    .filter((table) => !table.closest('.evidence'))
    .map((table) => table.getAttribute('aria-label') ?? 'without a name');

/** The tables of the page that show their columns only by scrolling sideways, each with how many pixels are out of sight. */
async function tablesTooWide(page: Page): Promise<string[]> {
  return page.locator('.adaptive-table table').evaluateAll((tables) =>
    tables.flatMap((table) => {
      const hidden = table.scrollWidth - (table.parentElement?.clientWidth ?? 0);
      return hidden > 1 ? [`${table.getAttribute('aria-label')}: ${hidden} px`] : [];
    }),
  );
}

/** The labelled values (a UUID, a path, an ARN) that do not keep to their column. */
async function valuesTooWide(page: Page): Promise<string[]> {
  return page
    .locator('dl > dd')
    .evaluateAll((values) =>
      values
        .filter((value) => value.scrollWidth > value.clientWidth + 1)
        .map((value) => `${value.previousElementSibling?.textContent}: ${value.textContent}`),
    );
}

/** As the member's menu does it, without a reload; transitions are finished before anybody looks. */
async function inDark(page: Page, dark: boolean): Promise<void> {
  await page.evaluate(async (on) => {
    document.body.classList.toggle('awsui-dark-mode', on);
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
  }, dark);
}
