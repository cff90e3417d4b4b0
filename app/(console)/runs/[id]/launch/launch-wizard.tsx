'use client';
// The steps of a launch, what is kept between them, and the launch itself. Loaded when it is needed.
import Wizard from '@cloudscape-design/components/wizard';
import { useRouter } from 'next/navigation';
import { parseAsInteger, useQueryState } from 'nuqs';
import { useCallback, useEffect, useState } from 'react';
import { shownFault } from '../../../../_shell/faults.ts';
import { useLeaveGuard } from '../../../../_shell/leave-guard.tsx';
import { useMay } from '../../../../_shell/member.tsx';
import { useMutation } from '../../../../_shell/mutation.ts';
import { useNotifications } from '../../../../_shell/notifications.tsx';
import { newRequestId } from '../../../../_shell/request-id.ts';
import { useTRPC } from '../../../../_shell/trpc.ts';
import {
  configurationOf,
  type Draft,
  firstProblem,
  fitted,
  launchInput,
  newDraft,
  problemsOf,
  STEPS,
} from './draft.ts';
import { ImageStep } from './image-step.tsx';
import { forgetDraft, keepDraft, keptDraft } from './kept-draft.ts';
import { NetworkStep } from './network-step.tsx';
import { ReviewStep } from './review-step.tsx';
import type { StepProps } from './step-props.ts';
import { StorageStep } from './storage-step.tsx';
import { TagsStep } from './tags-step.tsx';
import { TypeStep } from './type-step.tsx';
import type { LaunchChoices } from './types.ts';

export function LaunchWizard({ choices, onRefresh }: { choices: LaunchChoices; onRefresh: () => void }) {
  const runId = choices.run.id;
  const router = useRouter();
  const trpc = useTRPC();
  const { notify } = useNotifications();
  const mayLaunchForGood = useMay('instance.launch');
  const maySave = useMay('job.edit');
  const [first] = useState(() => newDraft(choices, newRequestId()));
  const [draft, setDraft] = useState<Draft>(() => {
    const kept = keptDraft(runId);
    return kept ? fitted(kept, choices, mayLaunchForGood) : first;
  });
  const [step, setStep] = useQueryState('step', parseAsInteger.withDefault(1).withOptions({ clearOnDefault: true }));
  /** Steps whose problems are shown: those that somebody tried to leave. */
  const [told, setTold] = useState<ReadonlySet<number>>(new Set());
  const [launched, setLaunched] = useState(false);

  const touched = JSON.stringify({ ...draft, requestId: '' }) !== JSON.stringify({ ...first, requestId: '' });
  useEffect(() => {
    if (!launched) keepDraft(runId, draft);
  }, [runId, draft, launched]);

  const asked = Math.min(Math.max(0, step - 1), STEPS.length - 1);
  const at = firstProblem(asked, draft, choices) ?? asked;
  const go = (to: number) => void setStep(to + 1, { history: 'push' });

  const launch = useMutation(
    trpc.instances.launch.mutationOptions({
      meta: { inline: true, once: true, repeatable: true },
      onSuccess({ id, instanceId }) {
        setLaunched(true);
        forgetDraft(runId);
        notify({
          type: 'success',
          header: instanceId ? `${instanceId} launched` : `Instance of ${choices.run.serverName} is being launched`,
          content: instanceId
            ? 'Its state and what it writes to its console are shown here as it starts.'
            : 'EC2 has not answered yet. Landfall asks again by itself; no second instance is started.',
        });
        router.push(`/instances/${id}`);
      },
      onError(error) {
        // Refused for good: the next try is another launch. Without an answer it must stay the same one.
        const { code } = shownFault(error);
        if (code !== 'console-unreachable' && code !== 'internal') {
          setDraft((before) => ({ ...before, requestId: newRequestId() }));
        }
      },
    }),
  );

  const save = useMutation(
    trpc.jobs.setLaunchConfiguration.mutationOptions({
      meta: { inline: true, once: true, repeatable: true },
      onSuccess() {
        setLaunched(true);
        forgetDraft(runId);
        notify({ type: 'success', header: `Launch configuration of ${choices.run.serverName} saved` });
        router.push(`/jobs/${choices.run.jobId}`);
      },
    }),
  );

  const guard = useLeaveGuard({
    active: touched && !launched,
    title: 'Leave without launching?',
    children: 'Nothing has been launched yet. If you leave, what you chose here is lost.',
    onLeave: useCallback(() => forgetDraft(runId), [runId]),
  });

  const change = (part: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...part }));
    if (launch.error) launch.reset();
    if (save.error) save.reset();
  };

  function goTo(requested: number) {
    const problem = requested > at ? firstProblem(requested, draft, choices) : null;
    if (problem !== null) setTold((before) => new Set([...before, problem]));
    go(problem ?? requested);
  }

  const shown = (index: number): StepProps => ({
    draft,
    choices,
    problems: told.has(index) ? problemsOf(STEPS[index] ?? 'image', draft, choices) : {},
    onChange: change,
  });
  return (
    <>
      {guard.dialog}
      <Wizard
        activeStepIndex={at}
        allowSkipTo
        submitButtonText="Launch"
        isLoadingNextStep={launch.isPending || save.isPending || launched}
        onCancel={() => guard.leave('/images')}
        onNavigate={({ detail }) => goTo(detail.requestedStepIndex)}
        onSubmit={() =>
          launch.mutate({ ...launchInput(runId, draft), ...(maySave ? {} : { saveConfiguration: false }) })
        }
        i18nStrings={{ navigationAriaLabel: 'Steps', errorIconAriaLabel: 'Error' }}
        steps={[
          {
            title: 'AMI and purpose',
            description: `What ${choices.run.serverName} becomes in AWS, and what for.`,
            content: <ImageStep {...shown(0)} mayLaunchForGood={mayLaunchForGood} />,
          },
          {
            title: 'Instance type',
            description: 'Only types that boot this AMI and are at least as large as the server.',
            content: <TypeStep {...shown(1)} />,
          },
          {
            title: 'Network and key pair',
            content: <NetworkStep {...shown(2)} onRefresh={onRefresh} />,
          },
          {
            title: 'Storage',
            description: 'One volume for each snapshot of the AMI.',
            content: <StorageStep {...shown(3)} />,
          },
          {
            title: 'Tags and user data',
            content: <TagsStep {...shown(4)} />,
          },
          {
            title: 'Review',
            content: (
              <ReviewStep
                {...shown(5)}
                fault={(launch.error ?? save.error) ? shownFault(launch.error ?? save.error) : null}
                onEdit={(to) => go(to)}
                saving={save.isPending}
                onSave={() =>
                  save.mutate({
                    jobId: choices.run.jobId,
                    configuration: configurationOf(draft, choices.run.serverName),
                  })
                }
              />
            ),
          },
        ]}
      />
    </>
  );
}
