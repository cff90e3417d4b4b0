'use client';
// The wizard that creates replication jobs, one for each chosen server.
import Wizard from '@cloudscape-design/components/wizard';
import { useRouter } from 'next/navigation';
import { parseAsArrayOf, parseAsInteger, parseAsString, useQueryStates } from 'nuqs';
import { useCallback, useEffect, useRef, useState } from 'react';
import { ownZone } from '../../../_forms/zoned-time.ts';
import { shownFault } from '../../../_shell/faults.ts';
import { useLeaveGuard } from '../../../_shell/leave-guard.tsx';
import { useMay, useMember } from '../../../_shell/member.tsx';
import { useMutation } from '../../../_shell/mutation.ts';
import { useNotifications } from '../../../_shell/notifications.tsx';
import { usePageShell } from '../../../_shell/page-shell.tsx';
import { newRequestId } from '../../../_shell/request-id.ts';
import { useTRPC } from '../../../_shell/trpc.ts';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { formatNumberOf } from '../../../_ui/quantity.ts';
import { settingsOf } from '../settings-draft.ts';
import {
  type Draft,
  forgetDraft,
  imageMethodOf,
  isTouched,
  keepDraft,
  keptDraft,
  licenseOf,
  newDraft,
} from './draft.ts';
import { JobSettingsStep } from './job-settings-step.tsx';
import { MayNotCreate } from './may-not-create.tsx';
import { ReviewStep } from './review-step.tsx';
import { ServerSettingsStep } from './server-settings-step.tsx';
import { ServersStep } from './servers-step.tsx';
import { TargetField } from './target-field.tsx';
import { useCandidates } from './use-candidates.ts';

const SETTINGS_STEP = 2;
const REVIEW_STEP = 3;
/** More selected rows would make the address of the list too long. */
const MAX_SHOWN = 100;
const PARAMETERS = { servers: parseAsArrayOf(parseAsString).withDefault([]), step: parseAsInteger.withDefault(1) };

export function CreateJobsScreen() {
  usePageShell({
    breadcrumbs: [
      { text: 'Replication jobs', href: '/jobs' },
      { text: 'Create replication job', href: '/jobs/create' },
    ],
  });
  return useMay('job.create') ? <CreateJobs /> : <MayNotCreate />;
}

function CreateJobs() {
  const router = useRouter();
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const zone = (useMember().preferences.timeZone as string | undefined) ?? ownZone();
  const [url, setUrl] = useQueryStates(PARAMETERS, { clearOnDefault: true });
  const [draft, setDraft] = useState<Draft>(() => newDraft(url.servers));
  // Problems are shown from the first attempt to go on: a message that appears on blur would move the button being clicked.
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  /** A step that was asked for while the chosen servers were being looked up. */
  const [wanted, setWanted] = useState<number | null>(null);
  const [restored, setRestored] = useState(false);
  const [created, setCreated] = useState(false);
  /** Sent again under the same id, a request is carried out once; a changed one gets a new id. */
  const request = useRef('');

  // A draft that this tab kept is used if it is about the same servers; others in the address start a new one.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page has come alive
  useEffect(() => {
    const kept = keptDraft();
    const same =
      kept && (url.servers.length === 0 || [...url.servers].sort().join() === [...kept.serverIds].sort().join());
    if (same) setDraft(kept);
    setRestored(true);
  }, []);
  useEffect(() => {
    if (!restored || created) return;
    if (isTouched(draft)) keepDraft(draft);
    else forgetDraft();
    void setUrl({ servers: draft.serverIds }, { history: 'replace' });
  }, [draft, restored, created, setUrl]);

  const candidates = useCandidates(draft.serverIds);
  const { chosen, refused, settled } = candidates;
  const { settings, problems = {} } = settingsOf(draft, zone, new Date());
  const reachable = settled && chosen.length === 0 ? 0 : settings ? REVIEW_STEP : SETTINGS_STEP;
  const step = Math.min(Math.max(0, url.step - 1), reachable);

  const create = useMutation(
    trpc.jobs.create.mutationOptions({
      meta: { inline: true, once: true, repeatable: true },
      onSuccess({ jobIds }) {
        setCreated(true);
        forgetDraft();
        notify({
          type: 'success',
          header: `${formatNumberOf(jobIds.length, 'replication job')} created`,
          content: settings?.seedAt ? 'The first run starts at the time you chose.' : 'The first run starts now.',
        });
        router.push(`/jobs?sel=${jobIds.slice(0, MAX_SHOWN).join(',')}`);
      },
    }),
  );

  const guard = useLeaveGuard({
    active: restored && !created && isTouched(draft),
    title: 'Leave without creating?',
    children: 'No replication job has been created yet. If you leave, what you chose here is lost.',
    onLeave: useCallback(() => forgetDraft(), []),
  });

  const change = (part: Partial<Draft>) => {
    request.current = newRequestId();
    setDraft((before) => ({ ...before, ...part }));
    setProblem(null);
    setWanted(null);
  };

  function goTo(requested: number) {
    if (requested > 0 && chosen.length === 0) {
      // Whether they can have a job is not known yet: the step opens when the answer is there.
      if (!settled && !candidates.error) return setWanted(requested);
      setProblem('Choose at least one server that can have a replication job.');
      return setStep(0);
    }
    if (requested > SETTINGS_STEP && !settings) {
      setTried(true);
      return setStep(SETTINGS_STEP);
    }
    setStep(requested);
  }
  const answered = settled || candidates.error !== null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the answer is there
  useEffect(() => {
    if (wanted === null || !answered) return;
    setWanted(null);
    goTo(wanted);
  }, [wanted, answered]);
  const setStep = (to: number) => void setUrl({ step: to + 1 }, { history: 'push' });

  function submit() {
    // Time has passed since the last look: the start may lie in the past now.
    const now = settingsOf(draft, zone, new Date());
    if (!now.settings || chosen.length === 0) return goTo(REVIEW_STEP);
    if (request.current === '') request.current = newRequestId();
    create.mutate({
      requestId: request.current,
      servers: chosen.map((server) => ({
        serverId: server.id,
        license: licenseOf(draft, server),
        imageMethod: imageMethodOf(draft, server),
      })),
      targetId: draft.targetId,
      settings: now.settings,
    });
  }

  return (
    <>
      {guard.dialog}
      {candidates.error && <FaultCard fault={shownFault(candidates.error)} />}
      <Wizard
        activeStepIndex={step}
        allowSkipTo
        submitButtonText="Create"
        isLoadingNextStep={create.isPending || created || wanted !== null}
        onCancel={() => guard.leave('/jobs')}
        onNavigate={({ detail }) => goTo(detail.requestedStepIndex)}
        onSubmit={submit}
        i18nStrings={{ navigationAriaLabel: 'Steps', errorIconAriaLabel: 'Error' }}
        steps={[
          {
            title: 'Servers',
            description: 'Choose the servers to replicate.',
            content: (
              <ServersStep
                serverIds={draft.serverIds}
                chosen={chosen}
                refused={refused}
                problem={problem}
                onChange={(serverIds) => change({ serverIds })}
              />
            ),
          },
          {
            title: 'Server-specific settings',
            description: 'Licence and image method of each server. Auto suits most.',
            content: <ServerSettingsStep servers={chosen} draft={draft} onChange={change} />,
          },
          {
            title: 'Job settings',
            description: chosen.length > 1 ? `The same for all ${chosen.length} replication jobs.` : undefined,
            content: (
              <JobSettingsStep
                draft={draft}
                problems={tried ? problems : {}}
                zone={zone}
                onChange={change}
                target={<TargetField chosen={draft.targetId} onChange={(targetId) => change({ targetId })} />}
              />
            ),
          },
          {
            title: 'Review',
            content: (
              <ReviewStep
                servers={chosen}
                refused={refused}
                draft={draft}
                settings={settings}
                zone={zone}
                fault={create.error && shownFault(create.error)}
                onEdit={goTo}
              />
            ),
          },
        ]}
      />
    </>
  );
}
