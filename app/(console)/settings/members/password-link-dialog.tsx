'use client';
// A link with which a member sets a new password: asked for first, since it lets in whoever holds it.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { shownFault } from '../../../_shell/faults.ts';
import { useMutation } from '../../../_shell/mutation.ts';
import { useTRPC } from '../../../_shell/trpc.ts';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { LinkShown } from './link-shown.tsx';
import type { Member } from './types.ts';

export function PasswordLinkDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const trpc = useTRPC();
  const make = useMutation(trpc.members.resetLink.mutationOptions({ meta: { inline: true, repeatable: true } }));
  return (
    <Modal
      visible
      header={`Link for a new password of ${member.name}`}
      closeAriaLabel="Close"
      onDismiss={() => !make.isPending && onClose()}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            {make.data ? (
              <Button variant="primary" onClick={onClose}>
                Done
              </Button>
            ) : (
              <>
                <Button variant="link" disabled={make.isPending} onClick={onClose}>
                  Cancel
                </Button>
                <Button variant="primary" loading={make.isPending} onClick={() => make.mutate({ memberId: member.id })}>
                  Create link
                </Button>
              </>
            )}
          </SpaceBetween>
        </Box>
      }
    >
      {make.data ? (
        <LinkShown page="/reset" label="Link for a new password" {...make.data} />
      ) : (
        <SpaceBetween size="m">
          {make.error && <FaultCard fault={shownFault(make.error)} />}
          <Box>
            Whoever opens the link sets a new password for {member.email} and is signed in. It is good once and for 24
            hours; a link made before is worth nothing from then on. The present password keeps working until the link
            is used; then all sessions of {member.name} end.
          </Box>
        </SpaceBetween>
      )}
    </Modal>
  );
}
