// Which stages a page has shown, also those that passed in a moment: written down in the page as the bars change.
import type { Page } from '@playwright/test';

const STAGES = ['Scheduled', 'Uploading', 'Converting', 'Creating AMI'];

/** From now on, until the page is loaded anew. */
export async function watchStages(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen = new Set<string>();
    (window as { stagesSeen?: Set<string> }).stagesSeen = seen;
    const look = () => {
      for (const bar of document.querySelectorAll('[role="progressbar"][aria-valuetext]')) {
        seen.add((bar.getAttribute('aria-valuetext') ?? '').replace(/ \d+ ?%$/, ''));
      }
    };
    new MutationObserver(look).observe(document.body, {
      subtree: true,
      childList: true,
      attributes: true,
      attributeFilter: ['aria-valuetext'],
    });
    look();
  });
}

/** In the order of a run. */
export async function stagesSeen(page: Page): Promise<string[]> {
  const seen = await page.evaluate(() => [...((window as { stagesSeen?: Set<string> }).stagesSeen ?? [])]);
  return STAGES.filter((stage) => seen.includes(stage));
}
