'use client';
// An id that can be copied. Where there is room it stays on one line, for broken in two it cannot be compared by eye;
// where there is none it is broken rather than laid over what stands beside it.
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import { UNKNOWN } from './quantity.ts';

/** `name` says what it is to who cannot see it: `Copy run id`. */
export function CopyableId({ id, name = 'id' }: { id: string | null | undefined; name?: string }) {
  if (!id) return <>{UNKNOWN}</>;
  return (
    <span className="wrap-anywhere">
      <CopyToClipboard
        variant="inline"
        textToCopy={id}
        copyButtonAriaLabel={`Copy ${name} ${id}`}
        copySuccessText="Copied"
        copyErrorText="Could not be copied"
      />
    </span>
  );
}
