'use client';
// Where an AWS target is: its name, Region, bucket and prefix, and how its services are reached.
import Alert from '@cloudscape-design/components/alert';
import Autosuggest from '@cloudscape-design/components/autosuggest';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type FieldProps, ruled } from './field-props.ts';
import { REGIONS } from './regions.ts';
import { ENDPOINTS } from './target-draft.ts';

const ENDPOINT_LABELS = { s3: 'S3', ec2: 'EC2', ebs: 'EBS direct', sts: 'STS' } as const;
const OPTIONS = REGIONS.map(({ value, label }) => ({ value, description: label }));

export function PlaceFields(props: FieldProps & { account: string | null }) {
  const { draft, problems, editing, onChange, account } = props;
  const text = (field: 'name' | 'bucket' | 'prefix' | 'importRole', placeholder = '') => (
    <Input
      value={draft[field]}
      placeholder={placeholder}
      spellcheck={false}
      autoComplete={false}
      onChange={({ detail }) => onChange({ [field]: detail.value })}
    />
  );
  return (
    <Container header={<Header variant="h2">Place</Header>}>
      <SpaceBetween size="l">
        <FormField
          label="Name"
          constraintText={ruled(editing, 'name', 'Up to 60 characters.')}
          errorText={problems.name}
        >
          {text('name')}
        </FormField>
        {editing && (
          <FormField label="Account" constraintText={ruled(true, 'account')}>
            <div>{account ?? 'AWS has not said yet'}</div>
          </FormField>
        )}
        <FormField
          label="Region"
          constraintText={ruled(editing, 'region', 'One of the list, or any other that your account has.')}
          errorText={problems.region}
        >
          <Autosuggest
            value={draft.region}
            options={OPTIONS}
            placeholder="eu-central-1"
            enteredTextLabel={(value) => `Use "${value}"`}
            empty="Type the name of a Region"
            ariaLabel="Region"
            onChange={({ detail }) => onChange({ region: detail.value })}
          />
        </FormField>
        <FormField
          label="Staging bucket"
          constraintText={ruled(
            editing,
            'bucket',
            'An S3 bucket in the Region. Digests lie in it for as long as AMIs are kept.',
          )}
          errorText={problems.bucket}
        >
          {text('bucket')}
        </FormField>
        <FormField
          label="Prefix"
          constraintText={ruled(editing, 'prefix', 'What is staged lies under it. Ends with a slash.')}
          errorText={problems.prefix}
        >
          {text('prefix')}
        </FormField>
        <FormField
          label="Role of VM Import (optional)"
          constraintText={ruled(editing, 'importRole', 'Name of the role that AWS imports disks by.')}
          errorText={problems.importRole}
        >
          {text('importRole', 'vmimport')}
        </FormField>
        <ExpandableSection
          headerText="Endpoints"
          headerDescription="Only for VPC endpoints and others that are not AWS's public ones."
          defaultExpanded={ENDPOINTS.some((id) => draft[id] !== '' || problems[id])}
        >
          <SpaceBetween size="l">
            {editing && <div>{ruled(true, 'endpoints')}</div>}
            {ENDPOINTS.map((id) => (
              <FormField
                key={id}
                label={`Endpoint of ${ENDPOINT_LABELS[id]} (optional)`}
                errorText={problems[id]}
                stretch
              >
                <Input
                  value={draft[id]}
                  placeholder="AWS's own"
                  spellcheck={false}
                  autoComplete={false}
                  onChange={({ detail }) => onChange({ [id]: detail.value })}
                />
              </FormField>
            ))}
            {editing && ENDPOINTS.some((id) => draft[id] !== '') && (
              <Alert type="info" statusIconAriaLabel="Info">
                An endpoint belongs to a Region: where you change the Region, change these too.
              </Alert>
            )}
          </SpaceBetween>
        </ExpandableSection>
      </SpaceBetween>
    </Container>
  );
}
