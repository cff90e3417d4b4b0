'use client';
// Until when an access key is good.
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { Time } from '../../../_ui/time.tsx';

export function KeyExpiry({ accessKey }: { accessKey: { expiresAt: Date; expired: boolean } }) {
  if (accessKey.expired) return <StatusIndicator type="warning">Expired</StatusIndicator>;
  return <Time at={accessKey.expiresAt} />;
}
