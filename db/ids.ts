// Ids in the forms that SMS users know.
import { customAlphabet } from 'nanoid';
import type { WorkspaceId } from './schema/workspace-id.ts';

const hex8 = customAlphabet('0123456789abcdef', 8);
/** As AWS's: base 32. */
const base32 = customAlphabet('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16);
const hex17 = customAlphabet('0123456789abcdef', 17);

export const newId = {
  connector: () => `c-${hex17()}`,
  server: () => `s-${hex8()}`,
  job: () => `sms-job-${hex8()}`,
  run: () => `sms-run-${hex8()}`,
  cutover: () => `cutover-${hex8()}`,
  target: () => `target-${hex17()}`,
  task: () => `task-${hex17()}`,
  artifact: () => `art-${hex17()}`,
  copy: () => `copy-${hex17()}`,
  launch: () => `launch-${hex17()}`,
  user: () => `user-${hex17()}`,
  member: () => `member-${hex17()}`,
  session: () => `session-${hex17()}`,
  workspace: () => `ws-${hex17()}` as WorkspaceId,
  invitation: () => `inv-${hex17()}`,
  reset: () => `reset-${hex17()}`,
  identity: () => `identity-${hex17()}`,
  groupRole: () => `group-role-${hex17()}`,
  channel: () => `channel-${hex17()}`,
  delivery: () => `dlv-${hex17()}`,
  mail: () => `mail-${hex17()}`,
  accessKey: () => `LFKA${base32()}`,
  code: () => `code-${hex17()}`,
};
