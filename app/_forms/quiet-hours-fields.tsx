'use client';
// Hours in which nobody is told: from, to, and the zone of that clock.
import Checkbox from '@cloudscape-design/components/checkbox';
import FormField from '@cloudscape-design/components/form-field';
import SpaceBetween from '@cloudscape-design/components/space-between';
import TimeInput from '@cloudscape-design/components/time-input';
import { TimeZoneField } from './time-zone-field.tsx';
import { ownZone } from './zoned-time.ts';

interface Hours {
  from: string;
  to: string;
  zone: string;
  exceptUrgent: boolean;
}

interface QuietHoursFieldsProps {
  value: Hours | null;
  problem?: string | undefined;
  /** The zone that it begins with; this browser's when not given. */
  zone?: string | undefined;
  onChange: (value: Hours | null) => void;
}

export function QuietHoursFields({ value, problem, zone, onChange }: QuietHoursFieldsProps) {
  const begin = () => ({ from: '22:00', to: '07:00', zone: zone ?? ownZone(), exceptUrgent: true });
  return (
    <SpaceBetween size="m">
      <Checkbox checked={value !== null} onChange={({ detail }) => onChange(detail.checked ? begin() : null)}>
        Quiet hours: what happens then is told when they are over
      </Checkbox>
      {value && (
        <>
          <SpaceBetween direction="horizontal" size="m">
            <FormField label="From" errorText={problem}>
              <TimeInput
                format="hh:mm"
                value={value.from}
                onChange={({ detail }) => onChange({ ...value, from: detail.value })}
              />
            </FormField>
            <FormField label="To">
              <TimeInput
                format="hh:mm"
                value={value.to}
                onChange={({ detail }) => onChange({ ...value, to: detail.value })}
              />
            </FormField>
          </SpaceBetween>
          <TimeZoneField
            description="By whose clock they begin and end."
            value={value.zone}
            onChange={(chosen) => onChange({ ...value, zone: chosen ?? 'UTC' })}
          />
          <Checkbox
            checked={value.exceptUrgent}
            onChange={({ detail }) => onChange({ ...value, exceptUrgent: detail.checked })}
          >
            A cutover that waits for an answer is told all the same
          </Checkbox>
        </>
      )}
    </SpaceBetween>
  );
}
