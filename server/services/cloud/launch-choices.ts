// What a launch can be made of: types that fit the server with the recommended one, networks, keys, the AMI's volumes.
import { and, eq } from 'drizzle-orm';
import { images, replicationRuns } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { recommendType } from '../../../replication/target/aws/recommend-type.ts';
import { guard, type ServiceContext } from '../context.ts';
import { awsTarget, cloudDeadline } from './target.ts';

/** The AMI of a run, and everything the launch wizard offers for it. */
export async function launchChoices(ctx: ServiceContext, runId: string) {
  const workspaceId = guard(ctx, 'instance.launch-test');
  const [row] = await ctx.db
    .select({ image: images, run: replicationRuns })
    .from(images)
    .innerJoin(replicationRuns, eq(replicationRuns.id, images.runId))
    .where(and(eq(images.runId, runId), eq(images.workspaceId, workspaceId)));
  if (!row) throw faultError('not-found', { message: `${runId} made no AMI.` });
  if (row.image.deregisteredAt) {
    throw faultError('conflict', {
      message: `${row.image.id} was deregistered and cannot be launched.`,
      remedy: 'Launch from a newer run.',
    });
  }
  const target = awsTarget();
  const signal = cloudDeadline();
  const [types, networks, volumes, identity] = await Promise.all([
    target.instances.types(signal),
    target.instances.networks(signal),
    target.instances.imageVolumes(row.image.id, signal),
    target.identity(signal),
  ]);
  const server = row.run.results['check-server']?.server;
  const needs = {
    vcpus: server?.vcpus ?? 1,
    memoryMiB: server?.memoryMiB ?? 1024,
    architecture: server?.architecture ?? ('x86_64' as const),
    firmware: server?.firmware ?? ('bios' as const),
    hasEna: null,
  };
  return {
    image: {
      id: row.image.id,
      name: row.image.name,
      method: row.image.method,
      note: row.image.note,
      pointInTime: row.image.pointInTime,
    },
    run: { id: row.run.id, jobId: row.run.jobId, serverName: row.run.serverName, license: row.run.settings.license },
    needs,
    types: recommendType(needs, types),
    networks,
    volumes,
    account: identity.account,
    region: row.run.settings.target.region,
  };
}
export type LaunchChoices = Awaited<ReturnType<typeof launchChoices>>;
