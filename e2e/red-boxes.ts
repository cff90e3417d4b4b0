// What stood in red in any tab at any time, also for a moment: written down in the page as it appears.
import type { BrowserContext } from '@playwright/test';

/** From the next page on; the texts of errors that were shown, each once. */
export async function watchRedBoxes(context: BrowserContext): Promise<readonly string[]> {
  const seen: string[] = [];
  await context.exposeBinding('redBox', (_source, text: string) => {
    if (!seen.includes(text)) seen.push(text);
  });
  await context.addInitScript(() => {
    const tell = (window as unknown as { redBox: (text: string) => void }).redBox;
    // Cloudscape's alerts and flashes carry their kind in a class.
    const RED = '[class*="type-error"], [role="alert"]';
    const look = () => {
      for (const box of document.querySelectorAll<HTMLElement>(RED)) {
        const text = box.innerText?.trim();
        if (text) tell(text);
      }
    };
    const begin = () => {
      const whatChanges = { subtree: true, childList: true, attributes: true, attributeFilter: ['class', 'role'] };
      new MutationObserver(look).observe(document.documentElement, { ...whatChanges, characterData: true });
      look();
    };
    if (document.documentElement) begin();
    else document.addEventListener('readystatechange', begin, { once: true });
  });
  return seen;
}
