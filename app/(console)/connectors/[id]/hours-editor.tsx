'use client';
// Rows of hours with another bandwidth limit.
import AttributeEditor from '@cloudscape-design/components/attribute-editor';
import Box from '@cloudscape-design/components/box';
import Input from '@cloudscape-design/components/input';
import Multiselect from '@cloudscape-design/components/multiselect';
import TimeInput from '@cloudscape-design/components/time-input';
import { type HoursDraft, type LimitsProblems, MAX_HOURS, newHours } from '../limits-draft.ts';
import { DAYS, daysText } from '../limits-words.ts';

interface HoursEditorProps {
  hours: readonly HoursDraft[];
  problems: LimitsProblems['hours'];
  onChange: (hours: readonly HoursDraft[]) => void;
}

const OPTIONS = DAYS.map(({ day, long }) => ({ value: String(day), label: long }));

export function HoursEditor({ hours, problems, onChange }: HoursEditorProps) {
  const change = (at: number, part: Partial<HoursDraft>) =>
    onChange(hours.map((row, index) => (index === at ? { ...row, ...part } : row)));
  const row = (at: number) => `row ${at + 1}`;
  return (
    // No FormField: its label would take the place of those of the fields within.
    <fieldset className="m-0 min-w-0 border-0 p-0">
      <legend className="p-0">
        <Box variant="awsui-key-label">Hours with another limit</Box>
      </legend>
      <Box variant="small" color="text-body-secondary" display="block" margin={{ bottom: 'xs' }}>
        The first row that matches applies. An end before the start is on the next day.
      </Box>
      <AttributeEditor<HoursDraft>
        items={hours}
        addButtonText="Add hours"
        removeButtonText="Remove"
        removeButtonAriaLabel={({ days, from, to }) => `Remove ${daysText(days)}, ${from} to ${to}`}
        disableAddButton={hours.length >= MAX_HOURS}
        empty="None: the limit above applies all day."
        i18nStrings={{ errorIconAriaLabel: 'Error', itemRemovedAriaLive: 'The row was removed.' }}
        onAddButtonClick={() => onChange([...hours, newHours(1 + Math.max(-1, ...hours.map(({ key }) => key)))])}
        onRemoveButtonClick={({ detail }) => onChange(hours.filter((_, at) => at !== detail.itemIndex))}
        gridLayout={[
          { breakpoint: 'xxs', rows: [[3, 2, 2, 2]], removeButton: { width: 'auto' } },
          { rows: [[1], [1], [1], [1]], removeButton: { ownRow: true } },
        ]}
        definition={[
          {
            label: 'Days',
            errorText: (_, at) => problems[at]?.days,
            control: ({ days }, at) => (
              <Multiselect
                ariaLabel={`Days, ${row(at)}`}
                hideTokens
                placeholder={days.length > 0 ? daysText(days) : 'Choose days'}
                selectedOptions={OPTIONS.filter(({ value }) => days.includes(Number(value)))}
                options={OPTIONS}
                onChange={({ detail }) =>
                  change(at, { days: detail.selectedOptions.map(({ value }) => Number(value)) })
                }
              />
            ),
          },
          {
            label: 'From',
            errorText: (_, at) => problems[at]?.from,
            control: ({ from }, at) => (
              <TimeInput
                ariaLabel={`From, ${row(at)}`}
                format="hh:mm"
                placeholder="hh:mm"
                value={from}
                onChange={({ detail }) => change(at, { from: detail.value })}
              />
            ),
          },
          {
            label: 'To',
            errorText: (_, at) => problems[at]?.to,
            control: ({ to }, at) => (
              <TimeInput
                ariaLabel={`To, ${row(at)}`}
                format="hh:mm"
                placeholder="hh:mm"
                value={to}
                onChange={({ detail }) => change(at, { to: detail.value })}
              />
            ),
          },
          {
            label: 'MiB/s',
            errorText: (_, at) => problems[at]?.limit,
            control: ({ limit }, at) => (
              <Input
                ariaLabel={`MiB/s, ${row(at)}`}
                inputMode="decimal"
                placeholder="No limit"
                value={limit}
                onChange={({ detail }) => change(at, { limit: detail.value })}
              />
            ),
          },
        ]}
      />
    </fieldset>
  );
}
