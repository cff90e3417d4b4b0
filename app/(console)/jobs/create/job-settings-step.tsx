'use client';
// Step 3: the settings that all jobs of this wizard share.
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { MAX_DAYS } from '../../../_forms/chosen-time.ts';
import {
  DescriptionField,
  FailureFields,
  FrequencyFields,
  ImageFields,
  type SettingsFieldsProps,
  StartFields,
  VerificationField,
} from '../settings-fields.tsx';

interface JobSettingsStepProps extends SettingsFieldsProps {
  zone: string;
  /** The choice of the AWS target, where there is one. */
  target: ReactNode;
}

export function JobSettingsStep({ zone, target, ...fields }: JobSettingsStepProps) {
  return (
    <SpaceBetween size="l">
      {target}
      <Container header={<Header variant="h2">Schedule</Header>}>
        <SpaceBetween size="l">
          <FrequencyFields {...fields} />
          <StartFields
            {...fields}
            zone={zone}
            label="Start replication run"
            what="Start"
            now={{ label: 'Immediately', description: 'The first run starts as soon as you create the job.' }}
            later={{
              label: 'At a later date and time',
              description: `Up to ${MAX_DAYS} days ahead, such as a night in which the network is free.`,
            }}
          />
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">AMIs</Header>}>
        <SpaceBetween size="l">
          <ImageFields {...fields} />
          <VerificationField {...fields} />
        </SpaceBetween>
      </Container>
      {fields.draft.kind === 'scheduled' && (
        <Container header={<Header variant="h2">Failures</Header>}>
          <FailureFields {...fields} />
        </Container>
      )}
      <Container header={<Header variant="h2">Description</Header>}>
        <DescriptionField {...fields} />
      </Container>
    </SpaceBetween>
  );
}
