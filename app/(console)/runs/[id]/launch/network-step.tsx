'use client';
// Step 3: where the instance stands in the network, and who may sign in to it.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Multiselect from '@cloudscape-design/components/multiselect';
import RadioGroup from '@cloudscape-design/components/radio-group';
import Select, { type SelectProps } from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type Draft, subnetsOf, withVpc } from './draft.ts';
import type { StepProps } from './step-props.ts';
import type { LaunchChoices } from './types.ts';

const NO_KEY: SelectProps.Option = { value: '', label: 'None: proceed without a key pair' };

export function NetworkStep({ draft, choices, problems, onChange, onRefresh }: StepProps & { onRefresh: () => void }) {
  const options = networkOptions(choices, draft.vpcId);
  const subnet = choices.networks.subnets.find(({ id }) => id === draft.subnetId);
  const pick = (list: SelectProps.Option[], value: string) => list.find((option) => option.value === value) ?? null;
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            actions={
              <Button iconName="refresh" ariaLabel="Ask AWS again for networks and key pairs" onClick={onRefresh}>
                Refresh
              </Button>
            }
          >
            Network
          </Header>
        }
      >
        <SpaceBetween size="l">
          <FormField label="VPC" errorText={problems.vpcId}>
            <Select
              selectedOption={pick(options.vpcs, draft.vpcId)}
              options={options.vpcs}
              placeholder="Choose a VPC"
              empty="This account has no VPC in the Region."
              filteringType="auto"
              onChange={({ detail }) => onChange(withVpc(draft, detail.selectedOption.value ?? '', choices))}
            />
          </FormField>
          <FormField label="Subnet" errorText={problems.subnetId}>
            <Select
              selectedOption={pick(options.subnets, draft.subnetId)}
              options={options.subnets}
              placeholder="Choose a subnet"
              empty="This VPC has no subnet."
              filteringType="auto"
              onChange={({ detail }) => onChange({ subnetId: detail.selectedOption.value ?? '' })}
            />
          </FormField>
          <FormField label="Security groups" description="One to five groups." errorText={problems.securityGroupIds}>
            <Multiselect
              selectedOptions={options.groups.filter(({ value }) => draft.securityGroupIds.includes(value ?? ''))}
              options={options.groups}
              placeholder="Choose security groups"
              empty="This VPC has no security group."
              filteringType="auto"
              deselectAriaLabel={({ label }) => `Remove ${label}`}
              onChange={({ detail }) =>
                onChange({ securityGroupIds: detail.selectedOptions.flatMap(({ value }) => value ?? []) })
              }
            />
          </FormField>
          <FormField label="Public address">
            <RadioGroup
              value={draft.publicAddress}
              ariaLabel="Public address"
              items={[
                {
                  value: 'subnet',
                  label: 'Subnet default',
                  description: subnet && `${subnet.publicByDefault ? 'Yes' : 'No'}, for ${subnet.name || subnet.id}`,
                },
                { value: 'yes', label: 'Yes' },
                { value: 'no', label: 'No' },
              ]}
              onChange={({ detail }) => onChange({ publicAddress: detail.value as Draft['publicAddress'] })}
            />
          </FormField>
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">Key pair</Header>}>
        <FormField
          label="Key pair"
          description="The accounts of the source server stay as they are; a key pair matters where the guest runs cloud-init or EC2Launch."
        >
          <Select
            selectedOption={pick(options.keys, draft.keyName)}
            options={options.keys}
            filteringType="auto"
            onChange={({ detail }) => onChange({ keyName: detail.selectedOption.value ?? '' })}
          />
        </FormField>
      </Container>
      <Container header={<Header variant="h2">Instance profile</Header>}>
        <FormField
          label="Instance profile (optional)"
          description="Name of the IAM instance profile whose role the instance gets, for example for Systems Manager."
          errorText={problems.instanceProfile}
        >
          <Input
            value={draft.instanceProfile}
            placeholder="None"
            spellcheck={false}
            onChange={({ detail }) => onChange({ instanceProfile: detail.value })}
          />
        </FormField>
      </Container>
    </SpaceBetween>
  );
}

function networkOptions(choices: LaunchChoices, vpcId: string) {
  const { networks } = choices;
  return {
    vpcs: networks.vpcs.map((vpc) => ({
      value: vpc.id,
      label: vpc.name ? `${vpc.name} (${vpc.id})` : vpc.id,
      description: `${vpc.cidr}${vpc.isDefault ? ' · default VPC' : ''}`,
    })),
    subnets: subnetsOf(choices, vpcId).map((subnet) => ({
      value: subnet.id,
      label: subnet.name ? `${subnet.name} (${subnet.id})` : subnet.id,
      description: `${subnet.zone} · ${subnet.cidr}`,
    })),
    groups: networks.securityGroups
      .filter((group) => group.vpcId === vpcId)
      .map((group) => ({ value: group.id, label: `${group.name} (${group.id})`, description: group.description })),
    keys: [NO_KEY, ...networks.keyPairs.map((name) => ({ value: name, label: name }))],
  };
}
