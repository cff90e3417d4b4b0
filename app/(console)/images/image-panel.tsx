'use client';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import SplitPanel from '@cloudscape-design/components/split-panel';
import { CopyableId } from '../../_ui/copyable-id.tsx';
import { KeyValues } from '../../_ui/key-values.tsx';
import { formatCount } from '../../_ui/quantity.ts';
import { Time } from '../../_ui/time.tsx';
import { VerifiedMark } from '../../_ui/verified-mark.tsx';
import { ImageCopies } from './image-copies.tsx';
import { methodLabel } from './method-label.ts';
import { PinnedMark } from './pinned-mark.tsx';
import type { ListedImage } from './types.ts';

export function ImagePanel({ image }: { image: ListedImage }) {
  return (
    <SplitPanel header={`${image.name}: ${image.id}`}>
      <KeyValues
        items={[
          ['AMI', <CopyableId key="id" id={image.id} name="AMI id" />],
          ['Server', image.name],
          ['Point in time', <Time key="at" at={image.pointInTime} exact />],
          ['Made', <Time key="made" at={image.createdAt} exact />],
          ['Verified', <VerifiedMark key="verified" verified={image.verified} />],
          ['Pinned', <PinnedMark key="pinned" image={image} inWords />],
          ['Method', methodLabel(image.method)],
          ['Note', image.note],
          [
            'Snapshots',
            image.snapshotIds.length > 0 && (
              <SpaceBetween key="snapshots" size="xxs">
                {image.snapshotIds.map((id) => (
                  <CopyableId key={id} id={id} name="snapshot id" />
                ))}
              </SpaceBetween>
            ),
          ],
          ['Shared and copied', image.copies > 0 && <ImageCopies key="copies" image={image} />],
          ['Instances that have not ended', formatCount(image.instances)],
          [
            'Replication job',
            image.jobDeletedAt ? (
              <span key="job">
                {image.jobId}, deleted <Time at={image.jobDeletedAt} />. The AMI stays.
              </span>
            ) : (
              <Link key="job" href={`/jobs/${image.jobId}`}>
                {image.jobId}
              </Link>
            ),
          ],
          [
            'Replication run',
            <Link key="run" href={`/runs/${image.runId}`}>
              {image.runId}
            </Link>,
          ],
        ]}
      />
    </SplitPanel>
  );
}
