'use client';
// An id that can be copied. It stays on one line where there is room, since an id broken in two is hard to compare; where
// there is none it wraps instead of covering its neighbour.
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import { UNKNOWN } from './quantity.ts';

/** `name` tells screen readers what it is: `Copy run id`. */
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
