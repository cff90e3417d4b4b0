// The EBS volumes of instances.

import { AwsError } from '../service.ts';
import { applyFilters, page, tagSet } from './describe.ts';
import type { Xml } from './query.ts';
import { endDryRun, found } from './refusals.ts';
import type { Action, Ec2, VolumeRecord } from './state.ts';

export function volumeActions(ec2: Ec2): Record<string, Action> {
  const { state } = ec2;
  return {
    DescribeVolumes(parameters) {
      const ids = parameters.list('VolumeId');
      for (const id of ids) found('volume', id, state.volumes[id]);
      const chosen = Object.values(state.volumes).filter(({ id }) => !ids.length || ids.includes(id));
      const left = applyFilters(chosen, parameters, {}, { as: 'volume', xml: volumeXml });
      const shown = page(left, parameters, { least: 5, most: 1000, byId: ids.length > 0 });
      return {
        volumeSet: shown.items.map(volumeXml),
        nextToken: shown.nextToken,
      };
    },

    DeleteVolume(parameters) {
      const id = parameters.required('VolumeId');
      const volume = found('volume', id, state.volumes[id]);
      if (volume.state === 'in-use') {
        throw new AwsError(400, 'VolumeInUse', `Volume ${id} is currently attached to ${volume.instanceId}`);
      }
      endDryRun(parameters);
      delete state.volumes[id];
      state.save();
      return { return: true };
    },
  };
}

function volumeXml(volume: VolumeRecord): Xml {
  return {
    volumeId: volume.id,
    size: volume.size,
    snapshotId: volume.snapshotId ?? '',
    availabilityZone: volume.availabilityZone,
    status: volume.state,
    createTime: volume.created,
    attachmentSet:
      volume.state === 'in-use'
        ? [
            {
              volumeId: volume.id,
              instanceId: volume.instanceId,
              device: volume.deviceName,
              status: 'attached',
              attachTime: volume.created,
              deleteOnTermination: volume.deleteOnTermination,
            },
          ]
        : [],
    volumeType: volume.volumeType,
    iops: volume.iops,
    throughput: volume.throughput,
    encrypted: volume.encrypted,
    kmsKeyId: volume.kmsKeyId,
    multiAttachEnabled: false,
    tagSet: tagSet(volume.tags),
  };
}
