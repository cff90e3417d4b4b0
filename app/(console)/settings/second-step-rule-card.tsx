'use client';
// Whether the workspace asks its members for a second step at sign-in.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Skeleton from '@cloudscape-design/components/skeleton';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { shownFault } from '../../_shell/faults.ts';
import { useMay } from '../../_shell/member.tsx';
import { useMutation } from '../../_shell/mutation.ts';
import { useTRPC } from '../../_shell/trpc.ts';
import { ConfirmDialog } from '../../_ui/confirm-dialog.tsx';
import { FaultCard } from '../../_ui/fault-card.tsx';

export function SecondStepRuleCard() {
  const { data, error, refetch } = useQuery(useTRPC().totp.rule.queryOptions());
  const mayManage = useMay('member.manage');
  const [asking, setAsking] = useState(false);
  const verb = data?.required ? 'Stop requiring' : 'Require';
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="A code from an authenticator app, asked of every member who signs in with a password."
          actions={data && mayManage && <Button onClick={() => setAsking(true)}>{verb}</Button>}
        >
          Second step at sign-in
        </Header>
      }
    >
      {error && !data && (
        <FaultCard fault={shownFault(error)} action={<Button onClick={() => void refetch()}>Try again</Button>} />
      )}
      {!data && !error && <Skeleton height="22px" />}
      {data?.required === true && 'Required of all members.'}
      {data?.required === false && 'Not required; members may turn it on on their profile.'}
      {asking && data && <RuleDialog required={!data.required} verb={verb} onClose={() => setAsking(false)} />}
    </Container>
  );
}

function RuleDialog({ required, verb, onClose }: { required: boolean; verb: string; onClose: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const set = useMutation(
    trpc.totp.setRule.mutationOptions({
      meta: { inline: true, repeatable: true },
      onSuccess: async () => {
        await queryClient.invalidateQueries({ queryKey: trpc.totp.pathKey() });
        onClose();
      },
    }),
  );
  return (
    <ConfirmDialog
      title={required ? 'Require a second step of all members?' : 'Stop requiring a second step?'}
      verb={verb}
      back="Cancel"
      busy={set.isPending}
      fault={set.error && shownFault(set.error)}
      onConfirm={() => set.mutate({ required })}
      onCancel={onClose}
    >
      {required
        ? 'Members who have none are led to set it up at once, and nothing else is answered before that, nor to their access keys. Who signs in by single sign-on is asked by the provider alone.'
        : 'Members keep the second step that they have, and may turn it off.'}
    </ConfirmDialog>
  );
}
