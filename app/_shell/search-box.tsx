'use client';
// The box at the top that finds anything by its name or id. Ctrl+K (⌘K) goes there from anywhere.
import Autosuggest, { type AutosuggestProps } from '@cloudscape-design/components/autosuggest';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useEffect, useRef, useState } from 'react';
import { searchOptions } from './search-options.ts';
import { useTRPC } from './trpc.ts';

/** Who types on is not asked for. */
const PAUSE_MS = 150;
const ENTER = 13;

export function SearchBox() {
  const trpc = useTRPC();
  const router = useRouter();
  const place = useRef<HTMLDivElement>(null);
  const box = useRef<AutosuggestProps.Ref>(null);
  const [text, setText] = useState('');
  const [asked, setAsked] = useState('');
  const wanted = text.trim().slice(0, 200);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(wanted), wanted === '' ? 0 : PAUSE_MS);
    return () => clearTimeout(timer);
  }, [wanted]);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey)
        return;
      // The bar keeps a second copy of itself off the screen, by which it measures what fits.
      if ((place.current?.getBoundingClientRect().top ?? -1) < 0) return;
      event.preventDefault();
      box.current?.focus();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
  const found = useQuery(
    trpc.search.find.queryOptions({ text: asked }, { enabled: asked !== '', staleTime: 5_000, meta: { live: false } }),
  );
  const known = asked !== '' && asked === wanted && found.data !== undefined;
  const options = known ? searchOptions(found.data, asked) : [];

  const chosen = useRef(false);
  function go(href: string | undefined) {
    if (!href?.startsWith('/')) return;
    chosen.current = true;
    setText('');
    // The list closes, and keys go to the page again.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    router.push(href);
  }
  /** Enter without a choice takes the likeliest. A choice is told of first or afterwards, so it is waited for. */
  function onKeyDown(keyCode: number) {
    if (keyCode !== ENTER) return;
    chosen.current = false;
    const [first] = options[0]?.options ?? [];
    setTimeout(() => {
      if (!chosen.current) go(first?.value);
    });
  }

  return (
    <div ref={place}>
      <Autosuggest
        ref={box}
        value={text}
        onChange={({ detail }) => setText(detail.value)}
        onSelect={({ detail }) => go(detail.value)}
        onKeyDown={({ detail }) => onKeyDown(detail.keyCode)}
        options={options}
        filteringType="manual"
        hideEnteredTextOption
        placeholder="Find by name or id (Ctrl+K)"
        ariaLabel="Find a server, job, run, AMI, instance, cutover, connector or member by name or id"
        statusType={found.error ? 'error' : wanted === '' || known ? 'finished' : 'loading'}
        loadingText="Looking"
        errorText="The search was not answered."
        recoveryText="Try again"
        onLoadItems={({ detail }) => {
          if (found.error && !detail.firstPage) void found.refetch();
        }}
        empty="Names, ids and addresses, or a part of them"
        filteringResultsText={(count) =>
          count === 0 ? `Nothing has “${wanted}” in its name or id.` : `${count} shown`
        }
        expandToViewport
      />
    </div>
  );
}
