'use client';
// What an administrator does with a member; each button knows who may press it and says what stands in its way.
import Button from '@cloudscape-design/components/button';
import { useState } from 'react';
import { ROLE_LABELS } from '../../../../server/access/permissions.ts';
import { ChoiceField } from '../../../_forms/choice-field.tsx';
import { shownFault } from '../../../_shell/faults.ts';
import { useMay } from '../../../_shell/member.tsx';
import { useMutation } from '../../../_shell/mutation.ts';
import { useNotifications } from '../../../_shell/notifications.tsx';
import { useTRPC } from '../../../_shell/trpc.ts';
import { ConfirmDelete } from '../../../_ui/confirm-delete.tsx';
import { ConfirmDialog } from '../../../_ui/confirm-dialog.tsx';
import { PasswordLinkDialog } from './password-link-dialog.tsx';
import { ROLE_CHOICES } from './roles.ts';
import type { Member } from './types.ts';

interface ActionProps {
  /** Undefined while none is selected. */
  member: Member | undefined;
}

/** Why a button cannot be pressed; undefined if it can. */
function useObstacle(member: Member | undefined, verb: string, ofSelf?: string): string | undefined {
  const mayManage = useMay('member.manage');
  if (!mayManage) return `Only administrators ${verb}.`;
  if (!member) return 'Select a member first.';
  return member.self ? ofSelf : undefined;
}

export function ChangeRole({ member }: ActionProps) {
  const obstacle = useObstacle(member, 'change roles');
  const [asking, setAsking] = useState<Member | null>(null);
  return (
    <>
      <Button disabled={obstacle !== undefined} disabledReason={obstacle} onClick={() => member && setAsking(member)}>
        Change role
      </Button>
      {asking && <RoleDialog member={asking} onClose={() => setAsking(null)} />}
    </>
  );
}

function RoleDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const [role, setRole] = useState(member.role);
  const change = useMutation(
    trpc.members.changeRole.mutationOptions({
      meta: { inline: true, repeatable: true },
      onSuccess: () => {
        onClose();
        notify({
          type: 'success',
          header: `The role of ${member.name} is now ${ROLE_LABELS[role]}`,
          content: 'It counts at once, also in pages that are open.',
        });
      },
    }),
  );
  return (
    <ConfirmDialog
      title={`Change the role of ${member.name}`}
      verb="Change role"
      back="Cancel"
      busy={change.isPending}
      fault={change.error && shownFault(change.error)}
      onConfirm={() => change.mutate({ memberId: member.id, role })}
      onCancel={onClose}
    >
      <ChoiceField label="Role" choices={ROLE_CHOICES} value={role} onChange={setRole} />
    </ConfirmDialog>
  );
}

export function RemoveMember({ member }: ActionProps) {
  const obstacle = useObstacle(member, 'remove members', 'You leave a workspace on your profile.');
  const [asking, setAsking] = useState<Member | null>(null);
  return (
    <>
      <Button disabled={obstacle !== undefined} disabledReason={obstacle} onClick={() => member && setAsking(member)}>
        Remove
      </Button>
      {asking && <RemoveDialog member={asking} onClose={() => setAsking(null)} />}
    </>
  );
}

function RemoveDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const remove = useMutation(
    trpc.members.remove.mutationOptions({
      meta: { inline: true },
      onSuccess: () => {
        onClose();
        notify({ type: 'success', header: `${member.name} was removed` });
      },
    }),
  );
  return (
    <ConfirmDelete
      title={`Remove ${member.name} from this workspace?`}
      verb="Remove"
      removed={[`The access of ${member.email}, within seconds, also in pages that are open`]}
      kept={[
        'What this member did, in the activity',
        'Jobs, runs and everything else in the workspace',
        'The membership in other workspaces, if there is any',
      ]}
      busy={remove.isPending}
      fault={remove.error && shownFault(remove.error)}
      onConfirm={() => remove.mutate({ memberId: member.id })}
      onCancel={onClose}
    />
  );
}

export function PasswordLink({ member }: ActionProps) {
  const obstacle = useObstacle(member, 'make links for new passwords', 'You change your own password on your profile.');
  const [asking, setAsking] = useState<Member | null>(null);
  return (
    <>
      <Button disabled={obstacle !== undefined} disabledReason={obstacle} onClick={() => member && setAsking(member)}>
        Password link
      </Button>
      {asking && <PasswordLinkDialog member={asking} onClose={() => setAsking(null)} />}
    </>
  );
}

export function ResetSecondStep({ member }: ActionProps) {
  const obstacle = useObstacle(member, 'take away a second step', 'You turn it off on your profile.');
  const none = member?.secondStep === 'off' ? 'This member has no second step.' : undefined;
  const [asking, setAsking] = useState<Member | null>(null);
  return (
    <>
      <Button
        disabled={(obstacle ?? none) !== undefined}
        disabledReason={obstacle ?? none}
        onClick={() => member && setAsking(member)}
      >
        Reset second step
      </Button>
      {asking && <ResetStepDialog member={asking} onClose={() => setAsking(null)} />}
    </>
  );
}

function ResetStepDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const reset = useMutation(
    trpc.totp.resetMember.mutationOptions({
      meta: { inline: true },
      onSuccess: () => {
        onClose();
        notify({ type: 'success', header: `The second step of ${member.name} was taken away` });
      },
    }),
  );
  return (
    <ConfirmDelete
      title={`Take away the second step of ${member.name}?`}
      verb="Reset second step"
      removed={[
        'What the authenticator app of this member was told, and the recovery codes',
        'The question for a code at sign-in: the password alone lets in',
      ]}
      kept={['The password, and sessions that are open']}
      busy={reset.isPending}
      fault={reset.error && shownFault(reset.error)}
      onConfirm={() => reset.mutate({ memberId: member.id })}
      onCancel={onClose}
    />
  );
}
