'use client';
// The serial console of a machine as text: monospace, follows its end until somebody scrolls up, can be copied.
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Toggle from '@cloudscape-design/components/toggle';
import { useEffect, useRef, useState } from 'react';

/** `label` says whose console it is: `Console output of i-…`. */
export function SerialConsole({ text, label }: { text: string; label: string }) {
  const [follow, setFollow] = useState(true);
  const box = useRef<HTMLPreElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when something was written
  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, text]);
  return (
    <SpaceBetween size="xs">
      <div className="flex flex-wrap items-center gap-4">
        <Toggle checked={follow} onChange={({ detail }) => setFollow(detail.checked)}>
          Follow
        </Toggle>
        <CopyToClipboard
          variant="icon"
          textToCopy={text}
          copyButtonAriaLabel="Copy console output"
          copySuccessText="Copied"
          copyErrorText="Could not be copied"
        />
      </div>
      <pre
        ref={box}
        role="log"
        aria-label={label}
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must be able to scroll it
        tabIndex={0}
        onScroll={({ currentTarget: at }) => {
          const atEnd = at.scrollHeight - at.scrollTop - at.clientHeight < 24;
          if (!atEnd && follow) setFollow(false);
        }}
        className="m-0 max-h-[32rem] min-h-24 overflow-auto rounded-lg bg-[#0f141a] p-3 font-mono text-xs leading-5 break-words whitespace-pre-wrap text-slate-200 dark:border dark:border-solid dark:border-slate-600"
      >
        {text}
      </pre>
    </SpaceBetween>
  );
}
