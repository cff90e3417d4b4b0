'use client';
// Changes an AWS target: says at each field from when on a change counts, and before saving what it means for how many jobs.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Form from '@cloudscape-design/components/form';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useCallback, useEffect, useRef, useState } from 'react';
import { fieldMessages, shownFault } from '../../../../../_shell/faults.ts';
import { useLeaveGuard } from '../../../../../_shell/leave-guard.tsx';
import { useMay } from '../../../../../_shell/member.tsx';
import { useMutation, useOneAtATime } from '../../../../../_shell/mutation.ts';
import { useNotifications } from '../../../../../_shell/notifications.tsx';
import { usePageShell } from '../../../../../_shell/page-shell.tsx';
import { QueryPage } from '../../../../../_shell/query-page.tsx';
import { useTRPC } from '../../../../../_shell/trpc.ts';
import { FaultCard } from '../../../../../_ui/fault-card.tsx';
import { focusFirstProblem } from '../../../../../_ui/first-problem.ts';
import { Page } from '../../../../../_ui/page.tsx';
import { DistributionFields } from '../../distribution-fields.tsx';
import { forgetChange, keepChange, keptChange } from '../../kept-draft.ts';
import { LaunchFields } from '../../launch-fields.tsx';
import { MayNotManage } from '../../may-not-manage.tsx';
import { PlaceFields } from '../../place-fields.tsx';
import { draftOfTarget, isSame, problemsOfServer, rebased, type TargetDraft, targetOf } from '../../target-draft.ts';
import type { ChangePreview, Target } from '../../types.ts';
import { TagFields, UseFields } from '../../use-fields.tsx';
import { ConfirmChange, WhatItMeans } from './what-it-means.tsx';

export function EditTargetScreen({ targetId }: { targetId: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.targets.get.queryOptions({ targetId }));
  const mayManage = useMay('target.manage');
  const name = query.data?.name ?? targetId;
  usePageShell({
    breadcrumbs: [
      { text: 'Settings', href: '/settings' },
      { text: name, href: `/settings/targets/${targetId}` },
      { text: 'Edit', href: `/settings/targets/${targetId}/edit` },
    ],
  });
  if (!mayManage) return <MayNotManage />;
  return (
    <QueryPage title={name} query={query} list={{ text: 'Settings', href: '/settings' }}>
      {(target) => <EditTarget key={target.id} target={target} />}
    </QueryPage>
  );
}

interface Opened {
  version: number;
  opened: TargetDraft;
  draft: TargetDraft;
}

function EditTarget({ target }: { target: Target }) {
  const { id: targetId, name } = target;
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const { notify } = useNotifications();
  const [{ version, opened, draft }, setState] = useState<Opened>(() => fresh(target));
  const [restored, setRestored] = useState(false);
  const [tried, setTried] = useState(false);
  const [asking, setAsking] = useState<ChangePreview | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const form = useRef<HTMLFormElement>(null);
  const page = `/settings/targets/${targetId}`;

  useEffect(() => {
    const kept = keptChange(targetId);
    if (kept) setState(kept);
    setRestored(true);
  }, [targetId]);

  const save = useMutation(trpc.targets.update.mutationOptions({ meta: { inline: true, repeatable: true } }));
  const changed = !isSame(draft, opened);
  useEffect(() => {
    if (!restored || save.isSuccess) return;
    if (changed) keepChange(targetId, { version, opened, draft });
    else forgetChange(targetId);
  }, [restored, save.isSuccess, changed, targetId, version, opened, draft]);

  const guard = useLeaveGuard({
    active: changed && !save.isPending && !save.isSuccess,
    title: 'Leave without saving?',
    children: 'Nothing has been changed yet. If you leave, what you chose here is lost.',
    onLeave: useCallback(() => forgetChange(targetId), [targetId]),
  });

  const { target: wanted, problems: wrong } = targetOf(draft);
  const fault = failure ?? save.error;
  const meant = useSettled(wanted && changed ? JSON.stringify(wanted) : '');
  const preview = useQuery(
    trpc.targets.previewChange.queryOptions(
      { targetId, ...(meant ? (JSON.parse(meant) as NonNullable<typeof wanted>) : {}) },
      { enabled: meant !== '' },
    ),
  );

  const [submit, submitting] = useOneAtATime(async () => {
    setTried(true);
    setFailure(null);
    save.reset();
    if (!wanted) return focusFirstProblem(form.current);
    try {
      const found = await queryClient.fetchQuery(
        trpc.targets.previewChange.queryOptions({ targetId, ...wanted }, { staleTime: 0 }),
      );
      if (found.newChains && found.jobs > 0) setAsking(found);
      else await send();
    } catch (error) {
      setFailure(error);
    }
  });

  async function send() {
    if (!wanted) return;
    await save.mutateAsync({ targetId, version, ...wanted });
    forgetChange(targetId);
    notify({
      type: 'success',
      header: `AWS target ${wanted.name} saved`,
      content: 'Runs under way continue unchanged.',
    });
    router.push(page);
  }

  const fields = {
    draft,
    problems: { ...problemsOfServer(fieldMessages(fault)), ...(tried ? wrong : {}) },
    editing: true,
    onChange: (change: Partial<TargetDraft>) =>
      setState((before) => ({ ...before, draft: { ...before.draft, ...change } })),
  };
  const theirs = draftOfTarget(target);
  const meanwhile = !save.isPending && !save.isSuccess && target.version !== version && !isSame(theirs, opened);
  const saving = save.isPending || save.isSuccess;
  return (
    <Page
      title={`Edit ${name}`}
      description="Runs under way go to their end as they were made, whatever is changed here."
    >
      {guard.dialog}
      {target.retiredAt && (
        <Alert type="warning" statusIconAriaLabel="Warning">
          This target was deleted, and is no longer changed.
        </Alert>
      )}
      {meanwhile && (
        <Alert
          type="warning"
          statusIconAriaLabel="Warning"
          header="Somebody else has changed this target in the meantime"
          action={
            <Button
              formAction="none"
              onClick={() => {
                save.reset();
                setFailure(null);
                setState({ version: target.version, opened: theirs, draft: rebased(draft, opened, theirs) });
              }}
            >
              Take over their changes
            </Button>
          }
        >
          What you have changed here stays; all else becomes what they saved. Until then it cannot be saved.
        </Alert>
      )}
      <form
        ref={form}
        aria-label="AWS target"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Form
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button formAction="none" variant="link" onClick={() => guard.leave(page)}>
                Cancel
              </Button>
              <Button
                variant="primary"
                loading={(submitting || saving) && !asking}
                disabled={!changed}
                disabledReason="Nothing was changed."
              >
                Save
              </Button>
            </SpaceBetween>
          }
        >
          <SpaceBetween size="l">
            <PlaceFields {...fields} account={target.account} />
            <UseFields {...fields} />
            <DistributionFields {...fields} targetId={targetId} />
            <TagFields {...fields} />
            <LaunchFields {...fields} />
            {meant !== '' && <WhatItMeans preview={preview.data} />}
            {fault != null && !asking && <FaultCard fault={shownFault(fault)} />}
          </SpaceBetween>
        </Form>
      </form>
      {asking && (
        <ConfirmChange
          name={name}
          preview={asking}
          busy={saving}
          fault={save.error ? shownFault(save.error) : null}
          onConfirm={() => void send().catch(() => {})}
          onCancel={() => setAsking(null)}
        />
      )}
    </Page>
  );
}

function fresh(target: Target): Opened {
  const opened = draftOfTarget(target);
  return { version: target.version, opened, draft: opened };
}

const SETTLES_AFTER_MS = 400;

/** The value once it has stood still for a moment: nothing is asked at every key. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLES_AFTER_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
