'use client';
// Step 4: the volumes, one for each snapshot of the AMI.
import Box from '@cloudscape-design/components/box';
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Grid from '@cloudscape-design/components/grid';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { VOLUME_LIMITS, VOLUME_TYPES, type VolumeType } from '../../../../../replication/model/volume.ts';
import { formatCount, orUnknown } from '../../../../_ui/quantity.ts';
import type { VolumeDraft } from './draft.ts';
import type { StepProps } from './step-props.ts';

export function StorageStep({ draft, choices, problems, onChange }: StepProps) {
  const change = (at: number, part: Partial<VolumeDraft>) =>
    onChange({ volumes: draft.volumes.map((volume, index) => (index === at ? { ...volume, ...part } : volume)) });
  return (
    <SpaceBetween size="l">
      {draft.volumes.map((volume, at) => {
        const of = choices.volumes.find(({ device }) => device === volume.device);
        return (
          <VolumeForm
            key={volume.device}
            volume={volume}
            isRoot={of?.isRoot ?? false}
            snapshotId={of?.snapshotId ?? null}
            snapshotGiB={of?.sizeGiB ?? 1}
            problem={(field) => problems[`volumes.${at}.${field}`]}
            onChange={(part) => change(at, part)}
          />
        );
      })}
    </SpaceBetween>
  );
}

interface VolumeFormProps {
  volume: VolumeDraft;
  isRoot: boolean;
  snapshotId: string | null;
  snapshotGiB: number;
  problem: (field: 'type' | 'sizeGiB' | 'iops') => string | undefined;
  onChange: (part: Partial<VolumeDraft>) => void;
}

function VolumeForm({ volume, isRoot, snapshotId, snapshotGiB, problem, onChange }: VolumeFormProps) {
  const { iops } = VOLUME_LIMITS[volume.type];
  // An instance does not start from a hard disk type.
  const types = VOLUME_TYPES.filter((type) => !isRoot || VOLUME_LIMITS[type].bootable).map((type) => ({
    value: type,
    label: VOLUME_LIMITS[type].label,
  }));
  const name = `volume ${volume.device}`;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={
            <>
              From snapshot {orUnknown(snapshotId)}, {formatCount(snapshotGiB)} GiB
            </>
          }
        >
          {isRoot ? 'Root volume' : 'Volume'} {volume.device}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <Grid gridDefinition={COLUMNS}>
          <FormField label="Volume type" errorText={problem('type')} stretch>
            <Select
              ariaLabel={`Type of ${name}`}
              selectedOption={types.find(({ value }) => value === volume.type) ?? null}
              options={types}
              onChange={({ detail }) => {
                const type = detail.selectedOption.value as VolumeType;
                onChange({ type, iops: VOLUME_LIMITS[type].iops ? volume.iops : '' });
              }}
            />
          </FormField>
          <FormField label="Size (GiB)" errorText={problem('sizeGiB')} stretch>
            <Input
              ariaLabel={`Size of ${name} (GiB)`}
              value={volume.sizeGiB}
              inputMode="numeric"
              onChange={({ detail }) => onChange({ sizeGiB: detail.value })}
            />
          </FormField>
          <FormField
            label={iops && !iops.required ? 'IOPS (optional)' : 'IOPS'}
            errorText={problem('iops')}
            constraintText={iops ? `${formatCount(iops.min)} to ${formatCount(iops.max)}` : `Not for ${volume.type}`}
            stretch
          >
            <Input
              ariaLabel={`IOPS of ${name}`}
              value={volume.iops}
              disabled={!iops}
              inputMode="numeric"
              placeholder={iops && !iops.required ? formatCount(iops.min) : ''}
              onChange={({ detail }) => onChange({ iops: detail.value })}
            />
          </FormField>
        </Grid>
        <Checkbox
          checked={volume.deleteOnTermination}
          ariaLabel={`Delete ${name} on termination`}
          onChange={({ detail }) => onChange({ deleteOnTermination: detail.checked })}
        >
          Delete on termination
        </Checkbox>
        {!volume.deleteOnTermination && (
          <Box variant="small">The volume remains, and is charged for, after the instance is terminated.</Box>
        )}
      </SpaceBetween>
    </Container>
  );
}

const HALF = { default: 12, s: 3 };
const COLUMNS = [{ colspan: { default: 12, s: 6 } }, { colspan: HALF }, { colspan: HALF }];
