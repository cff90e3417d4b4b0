'use client';
// What a page gives to the frame around it: `usePageShell({ breadcrumbs, splitPanel, tools })`.
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react';

export interface Crumb {
  text: string;
  href: string;
}

export interface PageShell {
  /** From the page below the start page down to this one. Left out: the page's name from the navigation. */
  breadcrumbs?: readonly Crumb[];
  /** A `<SplitPanel>`, or null while there is nothing to show. It opens when it appears. */
  splitPanel?: ReactNode;
  /** A `<HelpPanel>`. */
  tools?: ReactNode;
}

type Register = (owner: symbol, page: PageShell | null) => void;

const PageContext = createContext<PageShell>({});
const RegisterContext = createContext<Register | null>(null);

export function PageShellProvider({ children }: { children: ReactNode }) {
  const [current, setCurrent] = useState<{ owner: symbol; page: PageShell } | null>(null);
  const register = useRef<Register>((owner, page) => {
    setCurrent((before) => {
      if (page) return { owner, page };
      // The next page may have registered already.
      return before?.owner === owner ? null : before;
    });
  });
  return (
    <RegisterContext value={register.current}>
      <PageContext value={current?.page ?? {}}>{children}</PageContext>
    </RegisterContext>
  );
}

/** Called by a page at every render; the frame shows what the last call said and forgets it when the page goes. */
export function usePageShell(page: PageShell): void {
  const register = useContext(RegisterContext);
  if (!register) throw new Error('usePageShell is for pages inside the console');
  const owner = useRef<symbol>(Symbol('page'));
  // Without a list: elements differ at every render. The page itself does not read the frame's state, so this settles.
  useEffect(() => {
    register(owner.current, page);
  });
  useEffect(() => {
    const { current } = owner;
    return () => register(current, null);
  }, [register]);
}

/** For the shell. */
export const useCurrentPage = () => useContext(PageContext);
