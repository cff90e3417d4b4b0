'use client';
// The last step: everything once more, and what EC2 said when it refused.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useEffect, useRef } from 'react';
import { VOLUME_LIMITS } from '../../../../../replication/model/volume.ts';
import type { ShownFault } from '../../../../_shell/faults.ts';
import { Can } from '../../../../_shell/member.tsx';
import { AdaptiveTable } from '../../../../_ui/adaptive-table.tsx';
import { CopyableId } from '../../../../_ui/copyable-id.tsx';
import { FaultCard } from '../../../../_ui/fault-card.tsx';
import { KeyValues } from '../../../../_ui/key-values.tsx';
import { formatBytes, formatCount, formatMemory, orUnknown } from '../../../../_ui/quantity.ts';
import { Time } from '../../../../_ui/time.tsx';
import { withWords } from '../../../instances/instance-words.ts';
import { type Draft, userDataBytes } from './draft.ts';
import type { StepProps } from './step-props.ts';
import type { LaunchChoices } from './types.ts';

interface ReviewStepProps extends StepProps {
  /** What the last try answered. */
  fault: ShownFault | null;
  onEdit: (step: number) => void;
  saving: boolean;
  /** Keeps the settings as the job's launch configuration, and launches nothing. */
  onSave: () => void;
}

export function ReviewStep({ draft, choices, fault, onEdit, onChange, saving, onSave }: ReviewStepProps) {
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (fault) card.current?.scrollIntoView({ block: 'center' });
  }, [fault]);
  const { image, run } = choices;
  const type = choices.types.fitting.find(({ name }) => name === draft.instanceType);
  return (
    <SpaceBetween size="l">
      {fault && (
        <div ref={card}>
          <FaultCard fault={fault.code === 'launch-refused' ? withWords(fault) : fault} />
        </div>
      )}
      <Alert type="info" statusIconAriaLabel="Info">
        One instance will be launched in account {choices.account}, {choices.region}. From then on AWS charges for it
        and its volumes until it is terminated.
      </Alert>
      <Can permission="job.edit">
        <Checkbox
          checked={draft.saveConfiguration}
          onChange={({ detail }) => onChange({ saveConfiguration: detail.checked })}
          description="Later launches of this server begin with these settings, and tests can be launched with one click."
        >
          Save as launch configuration
        </Checkbox>
        <Button loading={saving} onClick={onSave}>
          Save without launching
        </Button>
      </Can>
      <Part title="Step 1: AMI and purpose" edit="AMI and purpose" onEdit={() => onEdit(0)}>
        <KeyValues
          items={[
            ['AMI', <CopyableId key="id" id={image.id} name="AMI id" />],
            ['Server', run.serverName],
            ['Point in time', <Time key="at" at={image.pointInTime} exact />],
            ['Purpose', draft.purpose === 'final' ? 'For good' : 'Test'],
          ]}
        />
      </Part>
      <Part title="Step 2: Instance type" edit="instance type" onEdit={() => onEdit(1)}>
        <KeyValues
          items={[
            ['Instance type', draft.instanceType],
            ['vCPU', formatCount(type?.vcpus)],
            ['Memory', formatMemory(type?.memoryMiB)],
          ]}
        />
      </Part>
      <Part title="Step 3: Network and key pair" edit="network and key pair" onEdit={() => onEdit(2)}>
        <Network draft={draft} choices={choices} />
      </Part>
      <Part title="Step 4: Storage" edit="storage" onEdit={() => onEdit(3)}>
        <AdaptiveTable<Draft['volumes'][number]>
          variant="embedded"
          trackBy="device"
          items={draft.volumes}
          ariaLabels={{ tableLabel: 'Volumes' }}
          columnDefinitions={[
            { id: 'device', header: 'Device', cell: (volume) => volume.device, isRowHeader: true },
            { id: 'type', header: 'Type', cell: (volume) => VOLUME_LIMITS[volume.type].label },
            { id: 'size', header: 'Size', cell: (volume) => `${volume.sizeGiB} GiB` },
            { id: 'iops', header: 'IOPS', cell: (volume) => iopsText(volume) },
            {
              id: 'delete',
              header: 'Delete on termination',
              cell: (volume) => (volume.deleteOnTermination ? 'Yes' : 'No'),
            },
          ]}
        />
      </Part>
      <Part title="Step 5: Tags and user data" edit="tags and user data" onEdit={() => onEdit(4)}>
        <KeyValues
          columns={2}
          items={[
            ['Tags', <Tags key="tags" tags={draft.tags} />],
            ['User data', draft.userData ? formatBytes(userDataBytes(draft.userData)) : 'None'],
          ]}
        />
      </Part>
    </SpaceBetween>
  );
}

function iopsText({ type, iops }: Draft['volumes'][number]): string {
  if (iops) return formatCount(Number(iops));
  const rule = VOLUME_LIMITS[type].iops;
  return rule ? `${formatCount(rule.min)} (baseline)` : orUnknown(null);
}

function Network({ draft, choices }: { draft: Draft; choices: LaunchChoices }) {
  const { vpcs, subnets, securityGroups } = choices.networks;
  const vpc = vpcs.find(({ id }) => id === draft.vpcId);
  const subnet = subnets.find(({ id }) => id === draft.subnetId);
  const groups = securityGroups.filter(({ id }) => draft.securityGroupIds.includes(id));
  const addresses = {
    subnet: subnet ? `Subnet default: ${subnet.publicByDefault ? 'yes' : 'no'}` : 'Subnet default',
    yes: 'Yes',
    no: 'No',
  };
  return (
    <KeyValues
      items={[
        ['VPC', vpc && named(vpc)],
        ['Subnet', subnet && `${named(subnet)}, ${subnet.zone}`],
        ['Security groups', groups.map(named).join(', ')],
        ['Public address', addresses[draft.publicAddress]],
        ['Key pair', draft.keyName || 'None'],
        ['Instance profile', draft.instanceProfile || 'None'],
      ]}
    />
  );
}

const named = ({ id, name }: { id: string; name: string }) => (name ? `${name} (${id})` : id);

function Tags({ tags }: { tags: Draft['tags'] }) {
  if (tags.length === 0) return 'None besides Landfall’s own';
  return (
    <ul className="m-0 list-none p-0">
      {tags.map(({ key, value }) => (
        <li key={key} className="break-words">
          {key} = {value}
        </li>
      ))}
    </ul>
  );
}

function Part(props: { title: string; edit: string; onEdit: () => void; children: ReactNode }) {
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <Button ariaLabel={`Edit ${props.edit}`} onClick={props.onEdit}>
              Edit
            </Button>
          }
        >
          {props.title}
        </Header>
      }
    >
      <Box>{props.children}</Box>
    </Container>
  );
}
