'use client';
// Whether an AMI is kept however many AMIs its job keeps, and the button that changes it.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useMutation } from '../../_shell/mutation.ts';
import { useNotifications } from '../../_shell/notifications.tsx';
import { useTRPC } from '../../_shell/trpc.ts';
import { UNKNOWN } from '../../_ui/quantity.ts';
import { Time } from '../../_ui/time.tsx';
import type { ListedImage } from './types.ts';

export const PINNED_CHOICES = [
  { value: 'yes', label: 'Pinned' },
  { value: 'no', label: 'Not pinned' },
];

/** In words for a panel; a mark alone in a table. */
export function PinnedMark({ image, inWords = false }: { image: ListedImage; inWords?: boolean }) {
  if (!image.pinnedAt) return <>{inWords ? 'No' : UNKNOWN}</>;
  return (
    <>
      <StatusIndicator type="info">Pinned</StatusIndicator>
      {inWords && (
        <Box variant="small" color="text-body-secondary" display="block">
          <Time at={image.pinnedAt} />; kept however many AMIs its job keeps
        </Box>
      )}
    </>
  );
}

/** For the selected AMI, shown to members who may pin. */
export function PinButton({ image }: { image: ListedImage | undefined }) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const pin = useMutation(
    trpc.images.pin.mutationOptions({
      meta: { repeatable: true },
      onSuccess: (_, { imageId, pinned }) =>
        notify({
          id: `pin-${imageId}`,
          type: 'success',
          header: pinned ? `AMI ${imageId} pinned` : `AMI ${imageId} unpinned`,
          content: pinned
            ? 'It is kept however many AMIs its job keeps.'
            : 'After the next run of its job it is deleted if it is beyond the number to keep.',
        }),
    }),
  );
  return (
    <Button
      disabled={!image}
      disabledReason="Select an AMI first"
      loading={pin.isPending}
      onClick={() => image && pin.mutate({ imageId: image.id, pinned: !image.pinnedAt })}
    >
      {image?.pinnedAt ? 'Unpin' : 'Pin'}
    </Button>
  );
}
