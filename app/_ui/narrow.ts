'use client';
// Whether the window is as narrow as a phone. The server renders for a wide one; the true width counts right after its
// HTML is taken over, while the shell still hides what would flash (settled-layout.ts).
import { useSyncExternalStore } from 'react';

/** Where Cloudscape's own parts take their narrow form. */
const NARROW = '(max-width: 688px)';

function follow(changed: () => void): () => void {
  const media = window.matchMedia(NARROW);
  media.addEventListener('change', changed);
  return () => media.removeEventListener('change', changed);
}

export const useNarrow = (): boolean =>
  useSyncExternalStore(
    follow,
    () => window.matchMedia(NARROW).matches,
    () => false,
  );
