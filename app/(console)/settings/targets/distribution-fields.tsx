'use client';
// Where the AMIs of an AWS target go beside it.
import Autosuggest from '@cloudscape-design/components/autosuggest';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../../_shell/trpc.ts';
import { type FieldProps, ruled } from './field-props.ts';
import { REGIONS } from './regions.ts';
import { NEW_ENTRY, type TargetDraft } from './target-draft.ts';

type Entry = TargetDraft['distribution'][number];

const KINDS = [
  { value: 'share', label: 'Share with an account', description: 'It may launch the AMI, and copy it.' },
  {
    value: 'region',
    label: 'Copy to a Region',
    description: 'Of the same account, encrypted with a key of that Region.',
  },
  {
    value: 'target',
    label: 'Copy to another AWS target',
    description: 'Its account and Region, encrypted as it says.',
  },
] as const;

export function DistributionFields({
  draft,
  problems,
  editing,
  onChange,
  targetId,
}: FieldProps & { targetId?: string }) {
  const { distribution } = draft;
  const change = (at: number, part: Partial<Entry>) =>
    onChange({ distribution: distribution.map((entry, index) => (index === at ? { ...entry, ...part } : entry)) });
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={ruled(
            editing,
            'distribution',
            'After each run, beside it: a copy that fails does not fail the run. A copy goes when its AMI goes.',
          )}
        >
          Share and copy AMIs
        </Header>
      }
    >
      <SpaceBetween size="m">
        {distribution.length === 0 && <Box color="text-body-secondary">AMIs stay in this account and Region.</Box>}
        {distribution.map((entry, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity while they are written
          <FormField key={at} errorText={problems[`distribution.${at}`]} stretch>
            <div className="grid grid-cols-1 items-start gap-3 sm:grid-cols-[1fr_2fr_auto]">
              <FormField label="What" stretch>
                <Select
                  ariaLabel={`What is done, entry ${at + 1}`}
                  options={KINDS}
                  selectedOption={KINDS.find(({ value }) => value === entry.kind) ?? null}
                  onChange={({ detail }) => change(at, { kind: detail.selectedOption.value as Entry['kind'] })}
                />
              </FormField>
              <EntryFields
                entry={entry}
                number={at + 1}
                {...(targetId && { targetId })}
                onChange={(part) => change(at, part)}
              />
              <div className="sm:pt-6">
                <Button
                  formAction="none"
                  ariaLabel={`Remove entry ${at + 1}`}
                  onClick={() => onChange({ distribution: distribution.filter((_, index) => index !== at) })}
                >
                  Remove
                </Button>
              </div>
            </div>
          </FormField>
        ))}
        {problems.distribution && <Box color="text-status-error">{problems.distribution}</Box>}
        <Button
          formAction="none"
          iconName="add-plus"
          onClick={() => onChange({ distribution: [...distribution, NEW_ENTRY] })}
        >
          Add account or copy
        </Button>
      </SpaceBetween>
    </Container>
  );
}

interface EntryProps {
  entry: Entry;
  number: number;
  targetId?: string;
  onChange: (part: Partial<Entry>) => void;
}

function EntryFields({ entry, number, targetId, onChange }: EntryProps) {
  if (entry.kind === 'share') {
    return (
      <FormField label="Account" constraintText="Twelve digits. A KMS key of yours must let it in, too." stretch>
        <Input
          ariaLabel={`Account, entry ${number}`}
          value={entry.account}
          placeholder="123456789012"
          inputMode="numeric"
          spellcheck={false}
          autoComplete={false}
          onChange={({ detail }) => onChange({ account: detail.value })}
        />
      </FormField>
    );
  }
  if (entry.kind === 'target') return <OtherTarget {...{ entry, number, onChange }} {...(targetId && { targetId })} />;
  return (
    <SpaceBetween size="s">
      <FormField label="Region" stretch>
        <Autosuggest
          ariaLabel={`Region, entry ${number}`}
          value={entry.region}
          options={REGIONS.map(({ value, label }) => ({ value, description: label }))}
          placeholder="eu-west-1"
          enteredTextLabel={(value) => `Use "${value}"`}
          empty="Type the name of a Region"
          onChange={({ detail }) => onChange({ region: detail.value })}
        />
      </FormField>
      <FormField
        label="ARN of the KMS key there"
        constraintText="Empty: encrypted only if the AMI is, with the account's default key of that Region."
        stretch
      >
        <Input
          ariaLabel={`KMS key, entry ${number}`}
          value={entry.kmsKeyArn}
          spellcheck={false}
          autoComplete={false}
          onChange={({ detail }) => onChange({ kmsKeyArn: detail.value })}
        />
      </FormField>
    </SpaceBetween>
  );
}

function OtherTarget({ entry, number, targetId, onChange }: EntryProps) {
  const trpc = useTRPC();
  const { data, isPending } = useQuery(trpc.targets.all.queryOptions());
  const options = (data ?? [])
    .filter(({ id }) => id !== targetId)
    .map(({ id, name, account, region }) => ({
      value: id,
      label: name,
      description: [account, region].filter(Boolean).join(', '),
    }));
  return (
    <FormField
      label="AWS target"
      constraintText="Its own sign-in makes the copy, after the AMI was shared with it."
      stretch
    >
      <Select
        ariaLabel={`AWS target, entry ${number}`}
        options={options}
        statusType={isPending ? 'loading' : 'finished'}
        empty="There is no other AWS target."
        placeholder="Choose a target"
        selectedOption={options.find(({ value }) => value === entry.targetId) ?? null}
        onChange={({ detail }) => onChange({ targetId: detail.selectedOption.value ?? '' })}
      />
    </FormField>
  );
}
