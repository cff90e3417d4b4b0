'use client';
// Tags as rows of a form: key, value, remove; and one more.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';

export interface TagRow {
  key: string;
  value: string;
}

export interface TagRowsProps {
  tags: readonly TagRow[];
  /** By `tags.N.key`, `tags.N.value`, and `tags` for what concerns all of them. */
  problems: Readonly<Record<string, string | undefined>>;
  /** So many, and no more can be added. */
  most: number;
  onChange: (tags: TagRow[]) => void;
}

export function TagRows({ tags, problems, most, onChange }: TagRowsProps) {
  const change = (at: number, part: Partial<TagRow>) =>
    onChange(tags.map((tag, index) => (index === at ? { ...tag, ...part } : tag)));
  return (
    <SpaceBetween size="m">
      {tags.length === 0 && <Box color="text-body-secondary">No tags besides Landfall's own.</Box>}
      {tags.map((tag, at) => (
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
              onClick={() => onChange(tags.filter((_, index) => index !== at))}
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
        disabled={tags.length >= most}
        onClick={() => onChange([...tags, { key: '', value: '' }])}
      >
        Add tag
      </Button>
    </SpaceBetween>
  );
}
