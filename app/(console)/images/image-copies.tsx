'use client';
// Where an AMI is beside its target: accounts that may use it and its copies, with what came of each.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import { useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';
import { shownFault } from '../../_shell/faults.ts';
import { Can } from '../../_shell/member.tsx';
import { useMutation } from '../../_shell/mutation.ts';
import { useTRPC } from '../../_shell/trpc.ts';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { FaultCard } from '../../_ui/fault-card.tsx';
import { Time } from '../../_ui/time.tsx';
import type { ListedImage } from './types.ts';

type Copy = inferRouterOutputs<AppRouter>['images']['copies'][number];

const STATES: Record<Copy['state'], { type: StatusIndicatorProps.Type; share: string; copy: string }> = {
  pending: { type: 'pending', share: 'Waiting', copy: 'Waiting' },
  copying: { type: 'in-progress', share: 'Sharing', copy: 'Copying' },
  available: { type: 'success', share: 'Shared', copy: 'Available' },
  failed: { type: 'error', share: 'Failed', copy: 'Failed' },
  released: { type: 'stopped', share: 'Ended', copy: 'Removed' },
};

export function ImageCopies({ image }: { image: ListedImage }) {
  const trpc = useTRPC();
  const { data, error } = useQuery(trpc.images.copies.queryOptions({ imageId: image.id }));
  const retry = useMutation(trpc.images.retryCopies.mutationOptions({ meta: { repeatable: true } }));
  if (error && !data) return <FaultCard fault={shownFault(error)} />;
  if (!data) return <StatusIndicator type="loading">Loading</StatusIndicator>;
  const troubled = data.some(({ fault, state }) => fault && (state === 'pending' || state === 'failed'));
  return (
    <SpaceBetween size="m">
      {data.map((copy) => (
        <CopyLine key={copy.id} copy={copy} />
      ))}
      {troubled && (
        <Can permission="image.copy">
          <Button loading={retry.isPending} onClick={() => retry.mutate({ imageId: image.id })}>
            Try again
          </Button>
        </Can>
      )}
    </SpaceBetween>
  );
}

function CopyLine({ copy }: { copy: Copy }) {
  const { type, ...labels } = STATES[copy.state];
  const shared = copy.kind === 'share';
  return (
    <SpaceBetween size="xxs">
      <Box fontWeight="bold">
        {shared
          ? `Account ${copy.account}`
          : [copy.region, copy.kind === 'target' && copy.targetName].filter(Boolean).join(', ')}
      </Box>
      <StatusIndicator type={copy.fault && copy.state === 'pending' ? 'warning' : type}>
        {shared ? labels.share : labels.copy}
      </StatusIndicator>
      {copy.copyImageId && <CopyableId id={copy.copyImageId} name="AMI id of the copy" />}
      {copy.fault && <FaultCard fault={copy.fault} />}
      {copy.nextTryAt && (
        <Box variant="small" color="text-body-secondary">
          Tried again by itself <Time at={copy.nextTryAt} />
        </Box>
      )}
    </SpaceBetween>
  );
}
