'use client';
// A whole number in a form, kept as the text that was typed until it is a number.
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';

interface NumberFieldProps {
  label: string;
  constraint: string;
  problem: string | undefined;
  value: string;
  onChange: (value: string) => void;
}

export function NumberField({ label, constraint, problem, value, onChange }: NumberFieldProps) {
  return (
    <FormField label={label} constraintText={constraint} errorText={problem}>
      <div className="max-w-32">
        <Input
          type="number"
          inputMode="numeric"
          step={1}
          value={value}
          onChange={({ detail }) => onChange(detail.value)}
        />
      </div>
    </FormField>
  );
}
