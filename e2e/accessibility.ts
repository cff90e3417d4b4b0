// Every page as axe judges it: light, dark and on a narrow screen.
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

const WIDE = { width: 1366, height: 900 };
const NARROW = { width: 390, height: 844 };

/** Violations of the page as it stands, each with the first place it was found at. */
export async function violationsOf(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.length} × ${nodes[0]?.html.slice(0, 300)}`);
}

/** The same in light, in dark and at 390 px; leaves the page in light and wide. */
export async function everyLook(page: Page): Promise<string[]> {
  const found: string[] = [];
  const look = async (name: string) => found.push(...(await violationsOf(page)).map((text) => `${name}: ${text}`));
  await look('light');
  await inDark(page, true);
  await look('dark');
  await inDark(page, false);
  await page.setViewportSize(NARROW);
  await look('390 px');
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (overflow > 0) found.push(`390 px: the page is ${overflow} px wider than the screen`);
  await page.setViewportSize(WIDE);
  return found;
}

/** As the member's menu does it, without a reload; transitions are finished before anybody looks. */
async function inDark(page: Page, dark: boolean): Promise<void> {
  await page.evaluate(async (on) => {
    document.body.classList.toggle('awsui-dark-mode', on);
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
  }, dark);
}
