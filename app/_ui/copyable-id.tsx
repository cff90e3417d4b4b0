'use client';
// An id that can be copied.
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import { UNKNOWN } from './quantity.ts';

/** `name` says what it is to who cannot see it: `Copy run id`. */
export function CopyableId({ id, name = 'id' }: { id: string | null | undefined; name?: string }) {
  if (!id) return <>{UNKNOWN}</>;
  return (
    <CopyToClipboard
      variant="inline"
      textToCopy={id}
      copyButtonAriaLabel={`Copy ${name} ${id}`}
      copySuccessText="Copied"
      copyErrorText="Could not be copied"
    />
  );
}
