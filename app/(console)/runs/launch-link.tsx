'use client';
// The way from a run to an instance of its AMI.
import Button from '@cloudscape-design/components/button';
import { useMay } from '../../_shell/member.tsx';

interface LaunchLinkProps {
  run: { id: string; imageId: string | null; status: { state: string } };
  /** In a table row the label names the AMI, for screen readers. */
  inRow?: boolean;
}

/** Renders nothing without an AMI, and for members who may not launch. */
export function LaunchLink({ run, inRow = false }: LaunchLinkProps) {
  const may = useMay('instance.launch-test');
  if (!may || !run.imageId || run.status.state !== 'completed') return null;
  const href = `/runs/${run.id}/launch`;
  if (!inRow) {
    return (
      <Button variant="primary" href={href}>
        Launch instance
      </Button>
    );
  }
  return (
    <Button variant="inline-link" href={href} ariaLabel={`Launch instance from ${run.imageId}`}>
      Launch instance
    </Button>
  );
}
