'use client';
// Inviting somebody: whom, as what, for how long; then the link.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type FormEvent, useState } from 'react';
import type { Role } from '../../../../server/access/permissions.ts';
import { ChoiceField } from '../../../_forms/choice-field.tsx';
import { fieldMessages, shownFault } from '../../../_shell/faults.ts';
import { useMay } from '../../../_shell/member.tsx';
import { useMutation } from '../../../_shell/mutation.ts';
import { newRequestId } from '../../../_shell/request-id.ts';
import { useTRPC } from '../../../_shell/trpc.ts';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { LinkShown } from './link-shown.tsx';
import { ROLE_CHOICES } from './roles.ts';

const DAYS = [1, 7, 30].map((days) => ({ value: String(days), label: days === 1 ? '1 day' : `${days} days` }));
const FORM = 'invite-member';

export function InviteMember() {
  const [open, setOpen] = useState(false);
  const mayManage = useMay('member.manage');
  return (
    <>
      <Button
        variant="primary"
        disabled={!mayManage}
        disabledReason="Only administrators invite members."
        onClick={() => setOpen(true)}
      >
        Invite member
      </Button>
      {open && <InviteDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function InviteDialog({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('operator');
  const [days, setDays] = useState('7');
  const [requestId] = useState(newRequestId);
  const invite = useMutation(trpc.members.invite.mutationOptions({ meta: { inline: true, repeatable: true } }));
  const wrong = fieldMessages(invite.error).email;
  const made = invite.data;

  function send(event?: FormEvent) {
    event?.preventDefault();
    invite.mutate({ requestId, email, role, days: Number(days) });
  }

  return (
    <Modal
      visible
      header={made ? `${made.email} is invited` : 'Invite member'}
      closeAriaLabel="Close"
      onDismiss={() => !invite.isPending && onClose()}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            {made ? (
              <Button variant="primary" onClick={onClose}>
                Done
              </Button>
            ) : (
              <>
                <Button variant="link" disabled={invite.isPending} onClick={onClose}>
                  Cancel
                </Button>
                <Button variant="primary" loading={invite.isPending} onClick={() => send()}>
                  Create invitation link
                </Button>
              </>
            )}
          </SpaceBetween>
        </Box>
      }
    >
      {made ? (
        <LinkShown page="/invitation" label="Invitation link" {...made} />
      ) : (
        <form id={FORM} aria-label="Invite member" noValidate onSubmit={send}>
          <SpaceBetween size="l">
            {invite.error && !wrong && <FaultCard fault={shownFault(invite.error)} />}
            <FormField
              label="E-mail"
              description="The account is made for this address. It gets the link by mail where a mail server is set; you see the link in either case."
              errorText={wrong}
            >
              <Input
                type="email"
                inputMode="email"
                autoComplete={false}
                spellcheck={false}
                value={email}
                placeholder="ann@example.com"
                onChange={({ detail }) => setEmail(detail.value)}
              />
            </FormField>
            <ChoiceField label="Role" choices={ROLE_CHOICES} value={role} onChange={setRole} />
            <FormField label="Link is good for">
              <Select
                selectedOption={DAYS.find(({ value }) => value === days) ?? null}
                options={DAYS}
                onChange={({ detail }) => setDays(detail.selectedOption.value ?? '7')}
              />
            </FormField>
          </SpaceBetween>
        </form>
      )}
    </Modal>
  );
}
