'use client';
// An id that can be copied. An id of AWS's or ours stays on one line: broken in two it cannot be compared by eye.
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import { UNKNOWN } from './quantity.ts';

/** Longer ones are of vCenter's making, and may be broken. */
const ONE_LINE = 40;

/** `name` says what it is to who cannot see it: `Copy run id`. */
export function CopyableId({ id, name = 'id' }: { id: string | null | undefined; name?: string }) {
  if (!id) return <>{UNKNOWN}</>;
  const button = (
    <CopyToClipboard
      variant="inline"
      textToCopy={id}
      copyButtonAriaLabel={`Copy ${name} ${id}`}
      copySuccessText="Copied"
      copyErrorText="Could not be copied"
    />
  );
  return id.length > ONE_LINE ? button : <span className="whitespace-nowrap">{button}</span>;
}
