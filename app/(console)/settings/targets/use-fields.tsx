'use client';
// How an AWS target is used: how disks travel and are checked, encryption, and the tags of everything that is made there.
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { MAX_TAGS } from '../../../../replication/model/tag.ts';
import type { TargetField } from '../../../../replication/model/target-fields.ts';
import { ChoiceField } from '../../../_forms/choice-field.tsx';
import { TagRows } from '../../../_forms/tag-rows.tsx';
import { type FieldProps, ruled } from './field-props.ts';
import { ENCRYPTION_CHOICES, TRANSFER_CHOICES, TRANSPORT_CHOICES, VERIFICATION_CHOICES } from './target-choices.ts';

export function UseFields({ draft, problems, editing, onChange }: FieldProps) {
  const when = (field: TargetField) => ({ constraint: ruled(editing, field) });
  return (
    <Container header={<Header variant="h2">Replication</Header>}>
      <SpaceBetween size="l">
        <ChoiceField
          label="Transfer path"
          choices={TRANSFER_CHOICES}
          value={draft.transfer}
          onChange={(transfer) => onChange({ transfer })}
          {...when('transfer')}
        />
        <ChoiceField
          label="How disks are read"
          choices={TRANSPORT_CHOICES}
          value={draft.transport}
          onChange={(transport) => onChange({ transport })}
          {...when('transport')}
        />
        <ChoiceField
          label="Verification"
          choices={VERIFICATION_CHOICES}
          value={draft.verification}
          onChange={(verification) => onChange({ verification })}
          {...when('verification')}
        />
        <ChoiceField
          label="Encryption"
          choices={ENCRYPTION_CHOICES}
          value={draft.encryption}
          onChange={(encryption) => onChange({ encryption })}
          {...when('encrypted')}
        />
        {draft.encryption === 'key' && (
          <FormField
            label="ARN of the KMS key"
            constraintText={ruled(
              editing,
              'kmsKeyArn',
              'arn:aws:kms:REGION:ACCOUNT:key/ID, in the Region of the target.',
            )}
            errorText={problems.kmsKeyArn}
            stretch
          >
            <Input
              value={draft.kmsKeyArn}
              spellcheck={false}
              autoComplete={false}
              onChange={({ detail }) => onChange({ kmsKeyArn: detail.value })}
            />
          </FormField>
        )}
      </SpaceBetween>
    </Container>
  );
}

export function TagFields({ draft, problems, editing, onChange }: FieldProps) {
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={ruled(editing, 'tags', 'Put on everything that runs and launches make at AWS.')}
        >
          Tags
        </Header>
      }
    >
      <TagRows tags={draft.tags} problems={problems} most={MAX_TAGS} onChange={(tags) => onChange({ tags })} />
    </Container>
  );
}
