// What a launch can be made of: types that boot the AMI and fit the server, networks, keys, the AMI's volumes.

import { and, eq } from 'drizzle-orm';
import { images, replicationJobs, replicationRuns } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { recommendType } from '../../../replication/target/aws/recommend-type.ts';
import type { InstanceTypeChoice, LaunchableImage } from '../../../replication/target/aws/target.ts';
import { guard, type ServiceContext } from '../context.ts';
import { launchDefaultsOf } from '../targets/settings.ts';
import { type AtPlace, placeAt, targetOf } from '../targets/store.ts';
import { cloudDeadline, targetPool } from './target-pool.ts';

/** The AMI of a run, and everything the launch wizard offers for it. */
export async function launchChoices(ctx: ServiceContext, runId: string) {
  const workspaceId = guard(ctx, 'instance.launch-test');
  const [row] = await ctx.db
    .select({ image: images, run: replicationRuns, configuration: replicationJobs.launchConfiguration })
    .from(images)
    .innerJoin(replicationRuns, eq(replicationRuns.id, images.runId))
    .innerJoin(replicationJobs, eq(replicationJobs.id, images.jobId))
    .where(and(eq(images.runId, runId), eq(images.workspaceId, workspaceId)));
  if (!row) throw faultError('not-found', { message: `${runId} made no AMI.` });
  if (row.image.deregisteredAt) {
    throw faultError('conflict', {
      message: `${row.image.id} was deregistered and cannot be launched.`,
      remedy: 'Launch from a newer run.',
    });
  }
  const { region } = await placeAt(ctx.db, row.image);
  const defaults = await defaultsAt(ctx, workspaceId, row.image, region);
  const target = await targetPool().at(ctx.db, row.image);
  const signal = cloudDeadline();
  const [types, networks, image, identity] = await Promise.all([
    target.instances.types(signal),
    target.instances.networks(signal),
    target.instances.image(row.image.id, signal),
    target.identity(signal),
  ]);
  const server = row.run.results['check-server']?.server;
  const needs = {
    vcpus: server?.vcpus ?? 1,
    memoryMiB: server?.memoryMiB ?? 1024,
    architecture: image.architecture,
    firmware: firmwareOf(image, server?.firmware ?? 'bios'),
    hasEna: image.ena ? null : false,
    guestName: server?.guestName ?? '',
    volumes: image.volumes.length,
    zones: zonesOf(networks.subnets, (row.configuration ?? defaults?.settings)?.subnetId),
  };
  return {
    image: {
      id: row.image.id,
      name: row.image.name,
      method: row.image.method,
      note: row.image.note,
      pointInTime: row.image.pointInTime,
      windows: image.windows,
    },
    run: { id: row.run.id, jobId: row.run.jobId, serverName: row.run.serverName, license: row.run.settings.license },
    needs,
    /** What launches of this job's AMIs begin with; null until one was saved. */
    configuration: row.configuration,
    /** And while none is, the AWS target's; null where it has none. */
    defaults,
    /** Null when the run did not keep what the server has. */
    source: server ? { vcpus: server.vcpus, memoryMiB: server.memoryMiB, guestName: server.guestName } : null,
    types: recommendType(needs, typesFor(image, types)),
    networks,
    volumes: image.volumes,
    account: identity.account,
    region,
  };
}

/** They are of the Region that the target is in now, which that of an older AMI need not be. */
async function defaultsAt(ctx: ServiceContext, workspaceId: WorkspaceId, image: AtPlace, region: string) {
  const { target, place } = await targetOf(ctx.db, workspaceId, image.targetId);
  const settings = place.region === region ? launchDefaultsOf(target) : null;
  return settings && { targetName: target.name, settings };
}

/** EC2 goes by the AMI: one without a boot mode starts with a BIOS, and one that only prefers UEFI as its source did. */
function firmwareOf(image: LaunchableImage, ofSource: 'bios' | 'uefi'): 'bios' | 'uefi' {
  if (image.bootMode === 'uefi') return 'uefi';
  return image.bootMode === 'uefi-preferred' ? ofSource : 'bios';
}

/** The zone of the subnet that launches of the job use, or of every subnet while none was chosen. */
function zonesOf(subnets: readonly { id: string; zone: string }[], chosen: string | undefined): string[] {
  const one = subnets.find(({ id }) => id === chosen);
  return one ? [one.zone] : [...new Set(subnets.map(({ zone }) => zone).filter(Boolean))].sort();
}

/** A 32-bit AMI starts only where the type says so. */
function typesFor({ architecture }: LaunchableImage, types: readonly InstanceTypeChoice[]): InstanceTypeChoice[] {
  return architecture === 'i386' ? types.filter((type) => type.architectures.includes('i386')) : [...types];
}
