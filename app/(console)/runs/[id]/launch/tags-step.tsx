'use client';
// Step 5: tags of the instance and its volumes, and user data.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';
import { formatBytes } from '../../../../_ui/quantity.ts';
import { MAX_USER_DATA_BYTES, userDataBytes } from './draft.ts';
import type { StepProps } from './step-props.ts';

export function TagsStep({ draft, problems, onChange }: StepProps) {
  const bytes = userDataBytes(draft.userData);
  const tooLong = bytes > MAX_USER_DATA_BYTES ? 'User data may have 16 KiB at most.' : undefined;
  const change = (at: number, part: { key?: string; value?: string }) =>
    onChange({ tags: draft.tags.map((tag, index) => (index === at ? { ...tag, ...part } : tag)) });
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header variant="h2" description="On the instance, its volumes and its network interface.">
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
            iconName="add-plus"
            disabled={draft.tags.length >= 40}
            onClick={() => onChange({ tags: [...draft.tags, { key: '', value: '' }] })}
          >
            Add tag
          </Button>
        </SpaceBetween>
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
