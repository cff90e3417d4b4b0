'use client';
// What an instance was launched with.
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { VOLUME_LIMITS } from '../../../../replication/model/volume.ts';
import { AdaptiveTable } from '../../../_ui/adaptive-table.tsx';
import { KeyValues } from '../../../_ui/key-values.tsx';
import { formatCount } from '../../../_ui/quantity.ts';
import type { ShownInstance } from '../types.ts';

type Volume = ShownInstance['settings']['volumes'][number];

export function InstanceSettings({ instance }: { instance: ShownInstance }) {
  const { settings } = instance;
  const publicAddress = settings.publicAddress === null ? 'Subnet default' : settings.publicAddress ? 'Yes' : 'No';
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Launch settings</Header>}>
        <KeyValues
          items={[
            ['Instance type', settings.instanceType],
            ['Subnet', settings.subnetId],
            ['Security groups', settings.securityGroupIds.join(', ')],
            ['Public address', publicAddress],
            ['Key pair', settings.keyName ?? 'None'],
            ['Instance profile', settings.instanceProfile ?? 'None'],
            ['User data', settings.hasUserData ? 'Given' : 'None'],
            [
              'Tags',
              <SpaceBetween key="tags" size="xxs">
                {Object.entries(settings.tags).map(([key, value]) => (
                  <span key={key} className="break-words">
                    {key} = {value}
                  </span>
                ))}
              </SpaceBetween>,
            ],
          ]}
        />
      </Container>
      <AdaptiveTable<Volume>
        variant="container"
        trackBy="device"
        items={settings.volumes}
        ariaLabels={{ tableLabel: 'Volumes' }}
        header={<Header variant="h2">Volumes</Header>}
        empty="As in the AMI."
        columnDefinitions={[
          { id: 'device', header: 'Device', cell: (volume) => volume.device, isRowHeader: true },
          { id: 'type', header: 'Type', cell: (volume) => VOLUME_LIMITS[volume.type].label },
          { id: 'size', header: 'Size', cell: (volume) => `${formatCount(volume.sizeGiB)} GiB` },
          { id: 'iops', header: 'IOPS', cell: (volume) => (volume.iops ? formatCount(volume.iops) : 'Baseline') },
          {
            id: 'delete',
            header: 'Delete on termination',
            cell: (volume) => (volume.deleteOnTermination ? 'Yes' : 'No'),
          },
        ]}
      />
    </SpaceBetween>
  );
}
