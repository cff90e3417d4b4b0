'use client';
// Makes every plain `<a href="/…">` inside the shell, Cloudscape's too, a move within the app instead of a page load.
import { useRouter } from 'next/navigation';
import { type MouseEvent, useCallback } from 'react';

export function useClientLinks(): (event: MouseEvent) => void {
  const router = useRouter();
  return useCallback(
    (event) => {
      if (event.defaultPrevented || event.button !== 0) return;
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const link = (event.target as Element).closest('a');
      const href = link?.getAttribute('href');
      if (!link || !href?.startsWith('/') || href.startsWith('//') || href.startsWith('/api/')) return;
      if ((link.target && link.target !== '_self') || link.hasAttribute('download')) return;
      event.preventDefault();
      router.push(href);
    },
    [router],
  );
}
