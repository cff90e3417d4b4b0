'use client';
// What launches into an AWS target begin with while their job has no launch configuration of its own.
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type FieldProps, ruled } from './field-props.ts';
import { PUBLIC_ADDRESS_CHOICES } from './target-choices.ts';

type Text = 'instanceType' | 'subnetId' | 'securityGroups' | 'keyName' | 'instanceProfile';

const FIELDS: readonly { field: Text; label: string; constraint: string; placeholder: string }[] = [
  { field: 'subnetId', label: 'Subnet', constraint: 'Its id; it is in one zone.', placeholder: 'subnet-…' },
  {
    field: 'securityGroups',
    label: 'Security groups',
    constraint: 'Their ids, separated by commas; at most 5, of the VPC of the subnet.',
    placeholder: 'sg-…',
  },
  {
    field: 'instanceType',
    label: 'Instance type (optional)',
    constraint: 'Without one: the type that fits the server best.',
    placeholder: 'Fits the server',
  },
  { field: 'keyName', label: 'Key pair (optional)', constraint: 'Its name.', placeholder: 'None' },
  {
    field: 'instanceProfile',
    label: 'Instance profile (optional)',
    constraint: 'Name of the IAM instance profile whose role instances get.',
    placeholder: 'None',
  },
];

export function LaunchFields({ draft, problems, editing, onChange }: FieldProps) {
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={ruled(editing, 'launchDefaults', 'For jobs that have no launch configuration of their own.')}
        >
          Default launch settings
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Checkbox checked={draft.launches} onChange={({ detail }) => onChange({ launches: detail.checked })}>
          Launches into this target begin with settings of their own
        </Checkbox>
        {draft.launches &&
          FIELDS.map(({ field, label, constraint, placeholder }) => (
            <FormField key={field} label={label} constraintText={constraint} errorText={problems[field]}>
              <Input
                value={draft[field]}
                placeholder={placeholder}
                spellcheck={false}
                autoComplete={false}
                onChange={({ detail }) => onChange({ [field]: detail.value })}
              />
            </FormField>
          ))}
        {draft.launches && (
          <FormField label="Public address">
            <RadioGroup
              ariaLabel="Public address"
              value={draft.publicAddress}
              items={[...PUBLIC_ADDRESS_CHOICES]}
              onChange={({ detail }) => onChange({ publicAddress: detail.value as typeof draft.publicAddress })}
            />
          </FormField>
        )}
      </SpaceBetween>
    </Container>
  );
}
