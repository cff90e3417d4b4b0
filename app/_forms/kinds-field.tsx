'use client';
// Which kinds of notification somebody gets.
import Checkbox from '@cloudscape-design/components/checkbox';
import FormField from '@cloudscape-design/components/form-field';
import SpaceBetween from '@cloudscape-design/components/space-between';

interface KindsFieldProps {
  choices: readonly { id: string; label: string; description: string }[];
  value: readonly string[];
  problem?: string | undefined;
  onChange: (value: string[]) => void;
}

export function KindsField({ choices, value, problem, onChange }: KindsFieldProps) {
  return (
    <FormField label="What is told" errorText={problem} stretch>
      <SpaceBetween size="xs">
        {choices.map(({ id, label, description }) => (
          <Checkbox
            key={id}
            description={description}
            checked={value.includes(id)}
            onChange={({ detail }) =>
              onChange(detail.checked ? [...value, id] : value.filter((chosen) => chosen !== id))
            }
          >
            {label}
          </Checkbox>
        ))}
      </SpaceBetween>
    </FormField>
  );
}
