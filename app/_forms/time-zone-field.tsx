'use client';
// A time zone, found by a part of its name.
import FormField from '@cloudscape-design/components/form-field';
import Select from '@cloudscape-design/components/select';

interface TimeZoneFieldProps {
  label?: string;
  description: string;
  /** What stands first for `null`, where no zone may be chosen. */
  none?: string;
  value: string | null;
  problem?: string | undefined;
  onChange: (zone: string | null) => void;
}

const NONE = '';

export function TimeZoneField({ label = 'Time zone', none, ...props }: TimeZoneFieldProps) {
  const zones = [...new Set(['UTC', ...(props.value ? [props.value] : []), ...Intl.supportedValuesOf('timeZone')])];
  const options = [...(none ? [{ value: NONE, label: none }] : []), ...zones.map((value) => ({ value, label: value }))];
  return (
    <FormField label={label} description={props.description} errorText={props.problem}>
      <Select
        filteringType="auto"
        filteringAriaLabel="Find a time zone"
        filteringPlaceholder="Find a time zone"
        virtualScroll
        selectedOption={options.find(({ value }) => value === (props.value ?? NONE)) ?? null}
        options={options}
        empty="No time zone of this name"
        onChange={({ detail }) => props.onChange(detail.selectedOption.value || null)}
      />
    </FormField>
  );
}
