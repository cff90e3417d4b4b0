'use client';
// A day and a time at which something starts, in the member's time zone.
import DatePicker from '@cloudscape-design/components/date-picker';
import FormField from '@cloudscape-design/components/form-field';
import TimeInput from '@cloudscape-design/components/time-input';
import { MAX_DAYS, type StartTimeDraft } from './chosen-time.ts';
import { wallClock } from './zoned-time.ts';

const DAY_MS = 86_400_000;

interface StartTimeProps {
  draft: StartTimeDraft;
  problems: Partial<StartTimeDraft>;
  onChange: (change: Partial<StartTimeDraft>) => void;
  zone: string;
  /** Above the date and the time: `Start`. */
  what: string;
}

/** A date and a time of the member's zone. */
export function StartTime({ draft, problems, zone, onChange, what }: StartTimeProps) {
  const today = wallClock(zone, new Date()).date;
  const last = wallClock(zone, new Date(Date.now() + MAX_DAYS * DAY_MS)).date;
  return (
    <div className="flex flex-wrap gap-5">
      <FormField label={`${what} date`} constraintText="YYYY/MM/DD" errorText={problems.date}>
        <DatePicker
          value={draft.date}
          placeholder="YYYY/MM/DD"
          openCalendarAriaLabel={(chosen) => (chosen ? `Open calendar, ${chosen} is chosen` : 'Open calendar')}
          isDateEnabled={(day) => {
            // The calendar's days are those of the browser's zone, written without one.
            const text = `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
            return text >= today && text <= last;
          }}
          onChange={({ detail }) => onChange({ date: detail.value })}
        />
      </FormField>
      <FormField label={`${what} time`} constraintText={`24-hour clock, ${zone}`} errorText={problems.time}>
        <TimeInput
          format="hh:mm"
          placeholder="hh:mm"
          value={draft.time}
          onChange={({ detail }) => onChange({ time: detail.value })}
        />
      </FormField>
    </div>
  );
}

const two = (number: number) => String(number).padStart(2, '0');
