'use client';
// Step 1: which AMI, and what the instance is for.
import Alert from '@cloudscape-design/components/alert';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tiles from '@cloudscape-design/components/tiles';
import { CopyableId } from '../../../../_ui/copyable-id.tsx';
import { KeyValues } from '../../../../_ui/key-values.tsx';
import { formatMemory, formatNumberOf } from '../../../../_ui/quantity.ts';
import { Time } from '../../../../_ui/time.tsx';
import { methodLabel } from '../../../images/method-label.ts';
import { type Draft, withPurpose } from './draft.ts';
import type { StepProps } from './step-props.ts';

const TEST = {
  value: 'test',
  label: 'Test',
  description: 'To see that it starts. It is marked as a test, and its volumes are deleted when it is terminated.',
};
const FINAL = {
  value: 'final',
  label: 'For good',
  description: 'It takes over from the source server. Only cutover managers and administrators can terminate it.',
};

export function ImageStep({ draft, choices, onChange, mayLaunchForGood }: StepProps & { mayLaunchForGood: boolean }) {
  const { image, run, source, needs, volumes } = choices;
  const gibibytes = volumes.reduce((sum, volume) => sum + volume.sizeGiB, 0);
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">AMI</Header>}>
        <SpaceBetween size="m">
          <KeyValues
            items={[
              ['AMI', <CopyableId key="id" id={image.id} name="AMI id" />],
              ['Server', run.serverName],
              ['Point in time', <Time key="at" at={image.pointInTime} exact />],
              ['Made by', methodLabel(image.method)],
              ['Boots with', needs.firmware === 'uefi' ? 'UEFI' : 'BIOS'],
              ['Volumes', `${formatNumberOf(volumes.length, 'volume')}, ${gibibytes} GiB`],
              ['Guest system', source?.guestName],
              ['Source', source && `${source.vcpus} vCPU, ${formatMemory(source.memoryMiB)} of memory`],
              ['Goes to', `Account ${choices.account}, ${choices.region}`],
            ]}
          />
          {choices.defaults && !choices.configuration && (
            <Alert type="info" statusIconAriaLabel="Info">
              The job has no launch configuration of its own. Subnet, security groups and the like begin with the
              default launch settings from the AWS target {choices.defaults.targetName}.
            </Alert>
          )}
          {image.note && (
            <Alert type="info" statusIconAriaLabel="Info">
              {image.note}
            </Alert>
          )}
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">Purpose</Header>}>
        <SpaceBetween size="m">
          <FormField
            label="What is the instance for?"
            stretch
            description={
              mayLaunchForGood ? undefined : 'Launching for good is for cutover managers and administrators.'
            }
          >
            <Tiles
              value={draft.purpose}
              ariaLabel="What is the instance for?"
              columns={mayLaunchForGood ? 2 : 1}
              items={mayLaunchForGood ? [TEST, FINAL] : [TEST]}
              onChange={({ detail }) => onChange(withPurpose(draft, detail.value as Draft['purpose'], choices))}
            />
          </FormField>
          {draft.purpose === 'final' && (
            <Alert type="warning" statusIconAriaLabel="Warning" header="The source server keeps running">
              Landfall does not power it off here. Shut it down before people use the instance, or each changes its own
              copy of the data; what the source writes after the point in time is not in this AMI.
            </Alert>
          )}
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  );
}
