'use client';
// Lets Cloudscape's pages be sent ready-made to small screens. The server cannot know the width and renders for a wide one;
// Cloudscape would render for the true width at once, and React would complain that the two differ. So the first render
// in the browser is the wide one too, and the true width counts right after it.
import { useEffect, useState } from 'react';
import { replayEarlyClick } from '../early-click.ts';

const MODE = Symbol.for('awsui-force-mobile-mode');

type Forced = { [MODE]?: boolean };

if (typeof window !== 'undefined') (globalThis as Forced)[MODE] = false;

/** Called by the shell, which is taken over together with its page. False until the true width counts. */
export function useSettledLayout(): boolean {
  const [settled, setSettled] = useState(false);
  useEffect(() => {
    delete (globalThis as Forced)[MODE];
    window.dispatchEvent(new Event('resize'));
    setSettled(true);
  }, []);
  useEffect(() => {
    if (settled) replayEarlyClick();
  }, [settled]);
  return settled;
}
