'use client';
// One of a few choices, each with what it means.
import FormField from '@cloudscape-design/components/form-field';
import RadioGroup from '@cloudscape-design/components/radio-group';

interface ChoiceFieldProps<Value extends string> {
  label: string;
  value: Value;
  choices: readonly { value: Value; label: string; description?: string }[];
  /** Below it. */
  constraint?: string;
  onChange: (value: Value) => void;
}

export function ChoiceField<Value extends string>({
  label,
  value,
  choices,
  constraint = '',
  onChange,
}: ChoiceFieldProps<Value>) {
  return (
    <FormField label={label} constraintText={constraint} stretch>
      <RadioGroup value={value} items={choices} onChange={({ detail }) => onChange(detail.value as Value)} />
    </FormField>
  );
}
