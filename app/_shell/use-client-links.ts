'use client';
// Makes every plain `<a href="/…">` inside the shell, Cloudscape's too, navigate within the app instead of loading a page.
import { useRouter } from 'next/navigation';
import { type MouseEvent, useCallback, useTransition } from 'react';
import { fromBrowser } from '../sub-path.ts';

/** The click handler, and whether a page is on its way (the present one stays until then). */
export function useClientLinks(): [(event: MouseEvent) => void, boolean] {
  const router = useRouter();
  const [pending, start] = useTransition();
  const onClick = useCallback(
    (event: MouseEvent) => {
      if (event.defaultPrevented || event.button !== 0) return;
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const link = (event.target as Element).closest('a');
      const address = link?.getAttribute('href');
      const href = address && fromBrowser(address);
      if (!link || !href?.startsWith('/') || href.startsWith('//') || href.startsWith('/api/')) return;
      if ((link.target && link.target !== '_self') || link.hasAttribute('download')) return;
      event.preventDefault();
      start(() => router.push(href));
    },
    [router],
  );
  return [onClick, pending];
}
