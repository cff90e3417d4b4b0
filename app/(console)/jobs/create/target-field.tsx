'use client';
// Which AWS target the new jobs replicate into; nothing is asked while the workspace has only one.
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Select from '@cloudscape-design/components/select';
import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../../_shell/trpc.ts';

interface TargetFieldProps {
  chosen: string | undefined;
  onChange: (targetId: string) => void;
}

export function TargetField({ chosen, onChange }: TargetFieldProps) {
  const trpc = useTRPC();
  const { data: targets = [] } = useQuery(trpc.targets.list.queryOptions());
  if (targets.length < 2) return null;
  const options = targets.map(({ id, name, region, bucket }) => ({
    value: id,
    label: name,
    description: `${region} · ${bucket}`,
  }));
  return (
    <Container header={<Header variant="h2">AWS target</Header>}>
      <FormField
        label="AWS target"
        description="Account, Region and bucket into which the servers are replicated."
        stretch
      >
        <Select
          options={options}
          selectedOption={options.find(({ value }) => value === chosen) ?? options[0] ?? null}
          triggerVariant="option"
          onChange={({ detail }) => detail.selectedOption.value && onChange(detail.selectedOption.value)}
        />
      </FormField>
    </Container>
  );
}
