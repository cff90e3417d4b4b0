'use client';
// Step 5: tags of the instance and its volumes, and user data.
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';
import { MAX_TAGS } from '../../../../../replication/model/tag.ts';
import { TagRows } from '../../../../_forms/tag-rows.tsx';
import { formatBytes } from '../../../../_ui/quantity.ts';
import { MAX_USER_DATA_BYTES, userDataBytes } from './draft.ts';
import type { StepProps } from './step-props.ts';

export function TagsStep({ draft, problems, onChange }: StepProps) {
  const bytes = userDataBytes(draft.userData);
  const tooLong = bytes > MAX_USER_DATA_BYTES ? 'User data may have 16 KiB at most.' : undefined;
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header variant="h2" description="On the instance, its volumes and its network interface.">
            Tags
          </Header>
        }
      >
        <TagRows tags={draft.tags} problems={problems} most={MAX_TAGS} onChange={(tags) => onChange({ tags })} />
      </Container>
      <Container header={<Header variant="h2">User data</Header>}>
        <FormField
          label="User data (optional)"
          stretch
          description="Passed to the guest at its start as plain text; read if it runs cloud-init or EC2Launch."
          constraintText={`${formatBytes(bytes)} of 16 KiB`}
          errorText={problems.userData ?? tooLong}
        >
          <Textarea
            value={draft.userData}
            rows={8}
            spellcheck={false}
            autoComplete={false}
            onChange={({ detail }) => onChange({ userData: detail.value })}
          />
        </FormField>
      </Container>
    </SpaceBetween>
  );
}
