'use client';
// Creates an AWS target. AWS is asked whose account the sign-in is before anything is kept.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Form from '@cloudscape-design/components/form';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useCallback, useEffect, useRef, useState } from 'react';
import { partitionOf } from '../../../../../replication/model/target.ts';
import { fieldMessages, shownFault } from '../../../../_shell/faults.ts';
import { useLeaveGuard } from '../../../../_shell/leave-guard.tsx';
import { useMay } from '../../../../_shell/member.tsx';
import { useMutation } from '../../../../_shell/mutation.ts';
import { useNotifications } from '../../../../_shell/notifications.tsx';
import { usePageShell } from '../../../../_shell/page-shell.tsx';
import { newRequestId } from '../../../../_shell/request-id.ts';
import { useTRPC } from '../../../../_shell/trpc.ts';
import { FaultCard } from '../../../../_ui/fault-card.tsx';
import { focusFirstProblem } from '../../../../_ui/first-problem.ts';
import { Page } from '../../../../_ui/page.tsx';
import { DistributionFields } from '../distribution-fields.tsx';
import { forgetNewTarget, keepNewTarget, keptNewTarget } from '../kept-draft.ts';
import { LaunchFields } from '../launch-fields.tsx';
import { MayNotManage } from '../may-not-manage.tsx';
import { PlaceFields } from '../place-fields.tsx';
import { NEW_SIGN_IN, type SignInDraft, signInOf } from '../sign-in-draft.ts';
import { SignInFields } from '../sign-in-fields.tsx';
import { isSame, NEW_TARGET, problemsOfServer, type TargetDraft, targetOf } from '../target-draft.ts';
import { TagFields, UseFields } from '../use-fields.tsx';

export function CreateTargetScreen() {
  usePageShell({
    breadcrumbs: [
      { text: 'Settings', href: '/settings' },
      { text: 'Create AWS target', href: '/settings/targets/create' },
    ],
  });
  return useMay('target.manage') ? <CreateTarget /> : <MayNotManage />;
}

function CreateTarget() {
  const trpc = useTRPC();
  const router = useRouter();
  const { notify } = useNotifications();
  const [draft, setDraft] = useState<TargetDraft>(NEW_TARGET);
  const [signIn, setSignIn] = useState<SignInDraft>(NEW_SIGN_IN);
  /** Sent again under the same id, a request makes one target; the external id is made of it. */
  const [requestId, setRequestId] = useState('');
  // Problems are shown from the first attempt on: a message that appears on blur would move the button being clicked.
  const [tried, setTried] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    const kept = keptNewTarget();
    setRequestId(kept?.requestId ?? newRequestId());
    if (!kept) return;
    const { kind, accessKeyId, roleArn, connectorSignIn } = kept;
    setDraft(kept.draft);
    setSignIn({ ...NEW_SIGN_IN, kind, accessKeyId, roleArn, connectorSignIn });
  }, []);

  const offered = useQuery(
    trpc.targets.externalId.queryOptions({ requestId }, { enabled: requestId !== '', meta: { live: false } }),
  );
  const allowed = offered.data?.allowed ?? ['assume-role', 'access-key'];
  // What was proposed may not be allowed here.
  const chosen = allowed.some((kind) => kind === signIn.kind) ? signIn : { ...signIn, kind: allowed[0] ?? signIn.kind };

  const create = useMutation(
    trpc.targets.create.mutationOptions({
      meta: { inline: true, once: true, repeatable: true },
      onSuccess({ targetId }, { name }) {
        forgetNewTarget();
        notify({ type: 'success', header: `AWS target ${name.trim()} created` });
        router.push(`/settings/targets/${targetId}`);
      },
    }),
  );
  const busy = create.isPending || create.isSuccess;
  const changed = !isSame(draft, NEW_TARGET) || JSON.stringify(signIn) !== JSON.stringify(NEW_SIGN_IN);

  useEffect(() => {
    if (requestId === '' || create.isSuccess) return;
    const { kind, accessKeyId, roleArn, connectorSignIn } = signIn;
    if (changed) keepNewTarget({ requestId, draft, kind, accessKeyId, roleArn, connectorSignIn });
    else forgetNewTarget();
  }, [changed, create.isSuccess, draft, requestId, signIn]);

  const guard = useLeaveGuard({
    active: changed && !busy,
    title: 'Leave without creating?',
    children: 'No AWS target has been created yet. If you leave, what you chose here is lost.',
    onLeave: useCallback(() => forgetNewTarget(), []),
  });

  const ofTarget = targetOf(draft);
  const ofSignIn = signInOf(chosen);
  const problems = { ...problemsOfServer(fieldMessages(create.error)), ...(tried ? ofTarget.problems : {}) };

  function submit() {
    setTried(true);
    if (!ofTarget.target || !ofSignIn.signIn) return focusFirstProblem(form.current);
    create.reset();
    const { connectorSignIn } = signIn;
    create.mutate({ requestId, ...ofTarget.target, signIn: ofSignIn.signIn, connectorSignIn });
  }

  const fields = {
    draft,
    problems,
    editing: false,
    onChange: (change: Partial<TargetDraft>) => setDraft((before) => ({ ...before, ...change })),
  };
  return (
    <Page title="Create AWS target" description="An account, a Region and a bucket that replication jobs go into.">
      {guard.dialog}
      <form
        ref={form}
        aria-label="AWS target"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Form
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button formAction="none" variant="link" onClick={() => guard.leave('/settings')}>
                Cancel
              </Button>
              <Button variant="primary" loading={busy} disabled={requestId === ''}>
                Create AWS target
              </Button>
            </SpaceBetween>
          }
        >
          <SpaceBetween size="l">
            <PlaceFields {...fields} account={null} />
            <Container
              header={
                <Header
                  variant="h2"
                  description="The account is the one that the sign-in belongs to. It never changes."
                >
                  Sign-in
                </Header>
              }
            >
              <SignInFields
                draft={chosen}
                problems={tried ? (ofSignIn.problems ?? {}) : {}}
                allowed={allowed}
                externalId={offered.data?.externalId ?? null}
                partition={partitionOf(draft.region.trim())}
                onChange={(change) => setSignIn((before) => ({ ...before, ...change }))}
              />
            </Container>
            <UseFields {...fields} />
            <DistributionFields {...fields} />
            <TagFields {...fields} />
            <LaunchFields {...fields} />
            {create.error && <FaultCard fault={shownFault(create.error)} />}
          </SpaceBetween>
        </Form>
      </form>
    </Page>
  );
}
