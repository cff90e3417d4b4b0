// Instances launched from our AMIs.
import { z } from 'zod';
import {
  consoleOutput,
  endTests,
  endTestsInput,
  instanceInput,
  terminateInstance,
} from '../../services/cloud/instance-actions.ts';
import {
  configuredLaunchInput,
  launchAsConfigured,
  launchInstance,
  launchInstanceInput,
} from '../../services/cloud/launch.ts';
import { launchChoices } from '../../services/cloud/launch-choices.ts';
import { getInstance, listInstances } from '../../services/instances/list.ts';
import { listQuerySchema } from '../../services/list-page.ts';
import { procedure, router } from '../trpc.ts';

export const instancesRouter = router({
  list: procedure('instance.read')
    .input(listQuerySchema)
    .query(({ ctx, input }) => listInstances(ctx.service, input)),
  get: procedure('instance.read')
    .input(instanceInput)
    .query(({ ctx, input }) => getInstance(ctx.service, input.id)),
  console: procedure('instance.read')
    .input(instanceInput)
    .query(({ ctx, input }) => consoleOutput(ctx.service, input)),
  choices: procedure('instance.launch-test')
    .input(z.object({ runId: z.string() }))
    .query(({ ctx, input }) => launchChoices(ctx.service, input.runId)),
  launch: procedure('instance.launch-test')
    .input(launchInstanceInput)
    .mutation(({ ctx, input }) => launchInstance(ctx.service, input)),
  launchAsConfigured: procedure('instance.launch-test')
    .input(configuredLaunchInput)
    .mutation(({ ctx, input }) => launchAsConfigured(ctx.service, input)),
  endTests: procedure('instance.end-test')
    .input(endTestsInput)
    .mutation(({ ctx, input }) => endTests(ctx.service, input)),
  terminate: procedure('instance.end-test')
    .input(instanceInput)
    .mutation(({ ctx, input }) => terminateInstance(ctx.service, input)),
});
