// AMIs: registered from snapshots as they are, or imported from them by VM Import. Made by open-target.ts.
import type { Image, ImportImageTask } from '@aws-sdk/client-ec2';
import { faultError } from '../../model/fault.ts';
import type { AwsClients } from './clients.ts';
import { batches, clientToken, description, fromTags, ROOT_DEVICE, tagged, withDevices } from './ec2-names.ts';
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
import type { AwsTargetConfig, ImageInfo, Images, ImportTask } from './target.ts';

const IMAGE_BATCH = 100;
const BOOT_MODES = { bios: 'legacy-bios', uefi: 'uefi' } as const;

export function createImages(clients: AwsClients, config: AwsTargetConfig): Images {
  /** Our own image of this name; null when there is none (any more). */
  async function imageNamed(name: string, signal: AbortSignal): Promise<Image | null> {
    const answer = await clients.ec2('ec2:DescribeImages', signal, (ec2, http) =>
      ec2.describeImages({ Owners: ['self'], Filters: [{ Name: 'name', Values: [name] }] }, http),
    );
    return answer.Images?.[0] ?? null;
  }

  const taskPages: TaskPages = (signal) => async (input) => {
    const page = await clients.ec2('ec2:DescribeImportImageTasks', signal, (ec2, http) =>
      ec2.describeImportImageTasks(input, http),
    );
    return { tasks: page.ImportImageTasks ?? [], next: page.NextToken };
  };

  return {
    async register(input, signal) {
      const disks = withDevices(input.disks);
      try {
        const answer = await clients.ec2(
          'ec2:RegisterImage',
          signal,
          (ec2, http) =>
            ec2.registerImage(
              {
                Name: input.name,
                Description: description(input.description),
                // Without these two AWS would make an i386 image for paravirtual machines.
                Architecture: 'x86_64',
                VirtualizationType: 'hvm',
                BootMode: BOOT_MODES[input.firmware],
                RootDeviceName: ROOT_DEVICE,
                // A promise about the guest: one without ENA's driver boots, but has no network on newer types.
                EnaSupport: true,
                BlockDeviceMappings: disks.map(({ disk, device }) => ({
                  DeviceName: device,
                  // `Encrypted` beside SnapshotId makes the call fail. SMS kept the root volume on termination too.
                  Ebs: { SnapshotId: disk.snapshotId, DeleteOnTermination: false, VolumeType: 'gp3' },
                })),
                ...tagged(['image'], input.tags),
              },
              http,
            ),
          { refused: 'image-refused' },
        );
        if (!answer.ImageId) throw faultError('image-refused', { cause: 'AWS gave no image id.' });
        return answer.ImageId;
      } catch (error) {
        // Whatever AWS said, or did not: an earlier try may have gone through, and its answer may have been lost.
        signal.throwIfAborted();
        const duplicate = hasAwsCode(error, /^InvalidAMIName\.Duplicate$/);
        const taken = await imageNamed(input.name, signal).catch((lookError) => {
          throw duplicate ? lookError : error;
        });
        if (taken?.ImageId && isSameImage(taken, disks)) return taken.ImageId;
        if (!duplicate) throw error;
        const by = taken?.ImageId ?? 'another image';
        throw faultError('image-refused', { message: `The AMI name ${input.name} is taken by ${by}.` }, error);
      }
    },

    async startImport(input, signal) {
      if (input.platform === 'Linux' && input.license === 'aws') throw faultError('license-not-allowed');
      const made = {
        Architecture: 'x86_64',
        Platform: input.platform,
        LicenseType: input.license === 'aws' ? 'AWS' : 'BYOL',
        BootMode: BOOT_MODES[input.firmware],
        DiskContainers: withDevices(input.disks).map(({ disk, device }) => ({
          SnapshotId: disk.snapshotId,
          DeviceName: device,
        })),
      } as const;
      const tags = { ...withToken(input.tags, input.token), ...madeOfTag(made) };
      const start = () =>
        clients.ec2(
          'ec2:ImportImage',
          signal,
          (ec2, http) =>
            ec2.importImage(
              {
                ...made,
                Description: description(input.description),
                ...(config.importRole && { RoleName: config.importRole }),
                ClientToken: clientToken(input.token),
                ...tagged(['import-image-task'], tags),
              },
              http,
            ),
          { refused: 'import-image-failed' },
        );
      return startOnce(start, { token: input.token, tags, refused: 'import-image-failed' }, taskPages(signal));
    },

    importTasks(taskIds, signal) {
      return describeTasks(taskIds, async (ids) => {
        const found: ImportTask[] = [];
        for (let token: string | undefined, first = true; first || token; first = false) {
          const page = await clients.ec2('ec2:DescribeImportImageTasks', signal, (ec2, http) =>
            ec2.describeImportImageTasks({ ImportTaskIds: ids, ...(token && { NextToken: token }) }, http),
          );
          found.push(...(page.ImportImageTasks ?? []).map(toTask));
          token = page.NextToken;
        }
        return found;
      });
    },

    cancelImport: (taskId, signal) => cancelImport(clients, taskId, signal),

    findImportByToken: async (token, signal) => (await findTask(token, taskPages(signal)))?.taskId ?? null,

    async findByName(name, signal) {
      return (await imageNamed(name, signal))?.ImageId ?? null;
    },

    async describe(imageIds, signal) {
      const found = new Map<string, ImageInfo>();
      for (const Values of batches([...new Set(imageIds)], IMAGE_BATCH)) {
        // As a filter, because one unknown ImageId would fail the whole call.
        const answer = await clients.ec2('ec2:DescribeImages', signal, (ec2, http) =>
          ec2.describeImages({ Owners: ['self'], Filters: [{ Name: 'image-id', Values }] }, http),
        );
        for (const image of answer.Images ?? []) {
          const { ImageId: imageId = '', Name: name = '', State: state = '' } = image;
          const snapshotIds = (image.BlockDeviceMappings ?? []).flatMap((mapping) => mapping.Ebs?.SnapshotId ?? []);
          const reason = image.StateReason?.Message ?? null;
          found.set(imageId, { imageId, name, state, reason, snapshotIds, tags: fromTags(image.Tags) });
        }
      }
      return found;
    },

    async deregister(imageId, signal) {
      try {
        await clients.ec2('ec2:DeregisterImage', signal, (ec2, http) =>
          ec2.deregisterImage({ ImageId: imageId }, http),
        );
      } catch (error) {
        if (!hasAwsCode(error, /^InvalidAMIID\.(NotFound|Unavailable)$/)) throw error;
      }
    },
  };
}

/** Whether an image maps exactly these snapshots to these devices. */
function isSameImage(image: Image, disks: { disk: { snapshotId: string }; device: string }[]): boolean {
  const mapped = (image.BlockDeviceMappings ?? []).filter((mapping) => mapping.Ebs);
  return (
    mapped.length === disks.length &&
    disks.every(({ disk, device }) =>
      mapped.some((mapping) => mapping.DeviceName === device && mapping.Ebs?.SnapshotId === disk.snapshotId),
    )
  );
}

function toTask(task: ImportImageTask): ImportTask {
  const state = importState(task.Status);
  return {
    taskId: task.ImportTaskId ?? '',
    state: state === 'completed' && !task.ImageId ? 'active' : state,
    percent: importPercent(task.Progress, state),
    message: task.StatusMessage ?? task.Status ?? '',
    snapshotIds: (task.SnapshotDetails ?? []).flatMap((detail) => detail.SnapshotId ?? []),
    imageId: task.ImageId ?? null,
  };
}
