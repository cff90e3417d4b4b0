'use client';
// A text that goes somewhere else as it is, such as a policy: monospace, scrolls within itself, can be copied.
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';

/** `label` says what it is: `Policy of the console`. */
export function CodeBlock({ text, label }: { text: string; label: string }) {
  return (
    <section aria-label={label} className="flex flex-col gap-2">
      <div>
        <CopyToClipboard
          textToCopy={text}
          copyButtonText="Copy"
          copyButtonAriaLabel={`Copy ${label}`}
          copySuccessText="Copied"
          copyErrorText="Could not be copied"
        />
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must be able to scroll it
        tabIndex={0}
        className="m-0 max-h-96 overflow-auto rounded-lg border border-solid border-slate-300 bg-slate-50 p-3 font-mono text-xs leading-5 text-slate-900 dark:border-slate-600 dark:bg-[#0f141a] dark:text-slate-200"
      >
        {text}
      </pre>
    </section>
  );
}
