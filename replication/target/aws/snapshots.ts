// EBS snapshots: made from staged VMDKs by ImportSnapshot, tagged, found, deleted. Made by open-target.ts.
import type { ImportSnapshotTask } from '@aws-sdk/client-ec2';
import { faultError } from '../../model/fault.ts';
import type { AwsClients } from './clients.ts';
import { batches, clientToken, description, tagged, toTags } from './ec2-names.ts';
import { hasAwsCode } from './faults.ts';
import {
  cancelImport,
  describeTasks,
  findTask,
  importPercent,
  importState,
  madeOfTag,
  type TaskPages,
  withToken,
} from './import-tasks.ts';
import { startOnce } from './start-once.ts';
import type { AwsTargetConfig, ImportTask, Snapshots } from './target.ts';

/** Tags on so many resources in one CreateTags call. */
const TAG_BATCH = 500;

export function createSnapshots(clients: AwsClients, config: AwsTargetConfig): Snapshots {
  const taskPages: TaskPages = (signal) => async (input) => {
    const page = await clients.ec2('ec2:DescribeImportSnapshotTasks', signal, (ec2, http) =>
      ec2.describeImportSnapshotTasks(input, http),
    );
    return { tasks: page.ImportSnapshotTasks ?? [], next: page.NextToken };
  };

  /** The AMIs that hold a snapshot, in words. */
  async function whoUses(snapshotId: string, signal: AbortSignal): Promise<{ message: string; remedy: string }> {
    const answer = await clients.ec2('ec2:DescribeImages', signal, (ec2, http) =>
      ec2.describeImages(
        { Owners: ['self'], Filters: [{ Name: 'block-device-mapping.snapshot-id', Values: [snapshotId] }] },
        http,
      ),
    );
    const images = (answer.Images ?? []).map(({ ImageId, Name }) => (Name ? `${ImageId} (${Name})` : `${ImageId}`));
    // One that is not ours to see, or that has just gone.
    const names = images.slice(0, 5).join(', ') || 'an AMI';
    return {
      message: `The EBS snapshot ${snapshotId} cannot be deleted: ${names} ${images.length > 1 ? 'use' : 'uses'} it.`,
      remedy: `Deregister ${names} at AWS if it is of no use: the snapshot goes by itself then. If it is to stay, forget the entry.`,
    };
  }

  return {
    async startImport(input, signal) {
      const { bucket, key, madeOf, encryption, token } = input;
      const tags = { ...withToken(input.tags, token), ...madeOfTag({ bucket, key, madeOf, encryption }) };
      const start = () =>
        clients.ec2(
          'ec2:ImportSnapshot',
          signal,
          (ec2, http) =>
            ec2.importSnapshot(
              {
                Description: description(input.description),
                DiskContainer: {
                  Format: 'VMDK',
                  Description: description(input.description),
                  UserBucket: { S3Bucket: bucket, S3Key: key },
                },
                ...(config.importRole && { RoleName: config.importRole }),
                ...(encryption && {
                  Encrypted: true,
                  ...(encryption.kmsKeyArn && { KmsKeyId: encryption.kmsKeyArn }),
                }),
                // The SDK fills in no token here, and without one a lost answer would import the disk twice.
                ClientToken: clientToken(token),
                ...tagged(['import-snapshot-task'], tags),
              },
              http,
            ),
          { refused: 'import-snapshot-failed' },
        );
      return startOnce(start, { token, tags, refused: 'import-snapshot-failed' }, taskPages(signal));
    },

    importTasks(taskIds, signal) {
      return describeTasks(taskIds, async (ids) => {
        const found: ImportTask[] = [];
        for (let token: string | undefined, first = true; first || token; first = false) {
          const page = await clients.ec2('ec2:DescribeImportSnapshotTasks', signal, (ec2, http) =>
            ec2.describeImportSnapshotTasks({ ImportTaskIds: ids, ...(token && { NextToken: token }) }, http),
          );
          found.push(...(page.ImportSnapshotTasks ?? []).map(toTask));
          token = page.NextToken;
        }
        return found;
      });
    },

    cancelImport: (taskId, signal) => cancelImport(clients, taskId, signal),

    findImportByToken: async (token, signal) => (await findTask(token, taskPages(signal)))?.taskId ?? null,

    async tag(ids, tags, signal) {
      if (Object.keys(tags).length === 0) return;
      for (const Resources of batches(ids, TAG_BATCH)) {
        await clients.ec2('ec2:CreateTags', signal, (ec2, http) =>
          ec2.createTags({ Resources, Tags: toTags(tags) }, http),
        );
      }
    },

    async delete(snapshotId, signal) {
      try {
        await clients.ec2('ec2:DeleteSnapshot', signal, (ec2, http) =>
          ec2.deleteSnapshot({ SnapshotId: snapshotId }, http),
        );
      } catch (error) {
        if (hasAwsCode(error, /^InvalidSnapshot\.NotFound$/)) return;
        if (hasAwsCode(error, /^InvalidSnapshot\.InUse$/)) {
          throw faultError('snapshot-in-use', await whoUses(snapshotId, signal), error);
        }
        throw error;
      }
    },

    async find(tags, signal) {
      const Filters = Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
      if (Filters.length === 0) throw faultError('internal', { message: 'Snapshots are looked for by tags only.' });
      const found: string[] = [];
      for (let token: string | undefined, first = true; first || token; first = false) {
        const page = await clients.ec2('ec2:DescribeSnapshots', signal, (ec2, http) =>
          ec2.describeSnapshots(
            { OwnerIds: ['self'], Filters, MaxResults: 1000, ...(token && { NextToken: token }) },
            http,
          ),
        );
        for (const { SnapshotId } of page.Snapshots ?? []) if (SnapshotId) found.push(SnapshotId);
        token = page.NextToken;
      }
      return found;
    },
  };
}

function toTask(task: ImportSnapshotTask): ImportTask {
  const detail = task.SnapshotTaskDetail;
  const state = importState(detail?.Status);
  return {
    taskId: task.ImportTaskId ?? '',
    // Completed without a snapshot's id is not yet completed for us.
    state: state === 'completed' && !detail?.SnapshotId ? 'active' : state,
    percent: importPercent(detail?.Progress, state),
    message: detail?.StatusMessage ?? detail?.Status ?? '',
    snapshotIds: detail?.SnapshotId ? [detail.SnapshotId] : [],
    imageId: null,
  };
}
