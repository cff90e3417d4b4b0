// A click that comes before React has hydrated a page is kept and repeated afterwards instead of being lost.
// Links need none of this: the browser follows them.

const KEPT = '__earlyClick';

/** Runs before the first paint. An element that React knows already carries its props and hears the click itself. */
export const EARLY_CLICK_SCRIPT = `addEventListener('click',function(e){var t=e.target.closest('button,[role=button],[role=tab]');if(!t||!t.closest('.settling'))return;for(var k in t)if(k.indexOf('__reactProps')===0)return;window.${KEPT}=t},true)`;

/** Makes the kept click, once, if its element is still there. */
export function replayEarlyClick(): void {
  const holder = window as { [KEPT]?: HTMLElement };
  const target = holder[KEPT];
  delete holder[KEPT];
  if (target?.isConnected) target.click();
}
