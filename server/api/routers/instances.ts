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
import { memberProcedure, router } from '../trpc.ts';

export const instancesRouter = router({
  list: memberProcedure.input(listQuerySchema).query(({ ctx, input }) => listInstances(ctx.service, input)),
  get: memberProcedure.input(instanceInput).query(({ ctx, input }) => getInstance(ctx.service, input.id)),
  console: memberProcedure.input(instanceInput).query(({ ctx, input }) => consoleOutput(ctx.service, input)),
  choices: memberProcedure
    .input(z.object({ runId: z.string() }))
    .query(({ ctx, input }) => launchChoices(ctx.service, input.runId)),
  launch: memberProcedure.input(launchInstanceInput).mutation(({ ctx, input }) => launchInstance(ctx.service, input)),
  launchAsConfigured: memberProcedure
    .input(configuredLaunchInput)
    .mutation(({ ctx, input }) => launchAsConfigured(ctx.service, input)),
  endTests: memberProcedure.input(endTestsInput).mutation(({ ctx, input }) => endTests(ctx.service, input)),
  terminate: memberProcedure.input(instanceInput).mutation(({ ctx, input }) => terminateInstance(ctx.service, input)),
});
