// A launch as the AWS target's default settings say, for jobs that have no launch configuration of their own.
import { faultError } from '../../../replication/model/fault.ts';
import type { LaunchConfiguration, LaunchDefaults } from '../../../replication/model/launch-configuration.ts';
import { VOLUME_LIMITS } from '../../../replication/model/volume.ts';
import type { ServiceContext } from '../context.ts';
import { launchChoices } from './launch-choices.ts';

/** Asks AWS what fits the server and which volumes its AMI has. @throws `conflict` when no type fits */
export async function launchByDefaults(
  ctx: ServiceContext,
  runId: string,
  defaults: LaunchDefaults,
): Promise<LaunchConfiguration> {
  const { types, volumes, run } = await launchChoices(ctx, runId);
  const instanceType = defaults.instanceType ?? types.recommended?.name;
  if (!instanceType) {
    throw faultError('conflict', {
      message: `No instance type fits ${run.serverName} in the zone that the AWS target's default launch settings name.`,
      remedy: 'Launch with the wizard and save its settings as the launch configuration of the job.',
    });
  }
  return {
    ...defaults,
    instanceType,
    volumes: volumes.map(({ device, type, sizeGiB, iops }) => ({
      ...{ device, type, sizeGiB },
      iops: VOLUME_LIMITS[type].iops && iops ? iops : null,
      deleteOnTermination: false,
    })),
    tags: [],
    userData: null,
  };
}
