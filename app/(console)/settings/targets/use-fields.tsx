'use client';
// How an AWS target is used: how disks travel and are checked, encryption, and the tags of everything that is made there.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { TargetField } from '../../../../replication/model/target-fields.ts';
import { ChoiceField } from '../../../_forms/choice-field.tsx';
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
  const change = (at: number, part: Partial<{ key: string; value: string }>) =>
    onChange({ tags: draft.tags.map((tag, index) => (index === at ? { ...tag, ...part } : tag)) });
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
      <SpaceBetween size="m">
        {draft.tags.length === 0 && <Box color="text-body-secondary">No tags besides Landfall's own.</Box>}
        {draft.tags.map((tag, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity while they are written
          <div key={at} className="grid grid-cols-1 items-start gap-3 sm:grid-cols-[1fr_1fr_auto]">
            <FormField label="Key" errorText={problems[`tags.${at}.key`]} stretch>
              <Input
                ariaLabel={`Key of tag ${at + 1}`}
                value={tag.key}
                onChange={({ detail }) => change(at, { key: detail.value })}
              />
            </FormField>
            <FormField label="Value" errorText={problems[`tags.${at}.value`]} stretch>
              <Input
                ariaLabel={`Value of tag ${at + 1}`}
                value={tag.value}
                onChange={({ detail }) => change(at, { value: detail.value })}
              />
            </FormField>
            <div className="sm:pt-6">
              <Button
                formAction="none"
                ariaLabel={`Remove tag ${at + 1}${tag.key ? ` ${tag.key}` : ''}`}
                onClick={() => onChange({ tags: draft.tags.filter((_, index) => index !== at) })}
              >
                Remove
              </Button>
            </div>
          </div>
        ))}
        {problems.tags && <Box color="text-status-error">{problems.tags}</Box>}
        <Button
          formAction="none"
          iconName="add-plus"
          onClick={() => onChange({ tags: [...draft.tags, { key: '', value: '' }] })}
        >
          Add tag
        </Button>
      </SpaceBetween>
    </Container>
  );
}
