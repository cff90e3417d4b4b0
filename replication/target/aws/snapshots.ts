// EBS snapshots: made from staged VMDKs by ImportSnapshot, tagged, found, deleted. Made by open-target.ts.
import type { ImportSnapshotTask } from '@aws-sdk/client-ec2';
import { faultError } from '../../model/fault.ts';
import type { AwsClients } from './clients.ts';
import { batches, clientToken, description, tagged, toTags } from './ec2-names.ts';
import { hasAwsCode } from './faults.ts';
import { cancelImport, describeTasks, findTask, importPercent, importState, withToken } from './import-tasks.ts';
import type { AwsTargetConfig, ImportTask, Snapshots } from './target.ts';

/** Tags on so many resources in one CreateTags call. */
const TAG_BATCH = 500;

export function createSnapshots(clients: AwsClients, config: AwsTargetConfig): Snapshots {
  return {
    async startImport(input, signal) {
      const answer = await clients.ec2(
        'ec2:ImportSnapshot',
        signal,
        (ec2, http) =>
          ec2.importSnapshot(
            {
              Description: description(input.description),
              DiskContainer: {
                Format: 'VMDK',
                Description: description(input.description),
                UserBucket: { S3Bucket: input.bucket, S3Key: input.key },
              },
              ...(config.importRole && { RoleName: config.importRole }),
              ...(input.encryption && {
                Encrypted: true,
                ...(input.encryption.kmsKeyArn && { KmsKeyId: input.encryption.kmsKeyArn }),
              }),
              // The SDK fills in no token here, and without one a lost answer would import the disk twice.
              ClientToken: clientToken(input.token),
              ...tagged(['import-snapshot-task'], withToken(input.tags, input.token)),
            },
            http,
          ),
        { refused: 'import-snapshot-failed' },
      );
      if (!answer.ImportTaskId) throw faultError('import-snapshot-failed', { cause: 'AWS gave no task id.' });
      return answer.ImportTaskId;
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

    findImportByToken: (token, signal) =>
      findTask(token, async (input) => {
        const page = await clients.ec2('ec2:DescribeImportSnapshotTasks', signal, (ec2, http) =>
          ec2.describeImportSnapshotTasks(input, http),
        );
        return { tasks: page.ImportSnapshotTasks ?? [], next: page.NextToken };
      }),

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
          const message = `The snapshot ${snapshotId} is in use by an AMI.`;
          throw faultError('conflict', { message, remedy: 'Deregister the AMI first.' }, error);
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
