'use client';
// Commands to be copied as a whole.
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';

export function CommandBlock({ label, text }: { label: string; text: string }) {
  return (
    <div>
      <div className="mb-2 flex justify-end">
        <CopyToClipboard
          variant="button"
          copyButtonText="Copy commands"
          copyButtonAriaLabel="Copy commands"
          copySuccessText="Copied"
          copyErrorText="Could not be copied"
          textToCopy={text}
        />
      </div>
      <section
        aria-label={label}
        className="rounded-lg border border-solid p-3 font-mono text-sm leading-6 whitespace-pre-wrap wrap-anywhere"
        style={{ borderColor: 'var(--stage-track)' }}
      >
        {text}
      </section>
    </div>
  );
}
