'use client';
// The filter above a table; the server does the filtering.
import Calendar from '@cloudscape-design/components/calendar';
import DateInput from '@cloudscape-design/components/date-input';
import FormField from '@cloudscape-design/components/form-field';
import PropertyFilter, { type PropertyFilterProps } from '@cloudscape-design/components/property-filter';
import { operatorsOf, type ResourceColumn } from './table-columns.ts';
import { countText } from './table-pages.ts';
import { FILTER_OPERATORS, type FilterOperator, type FilterToken } from './table-query.ts';
import type { TableState } from './table-state.ts';

const SHORT_TEXT = 'One or two characters are looked for at the start of words only.';
/** Texts in which the server's index knows no three characters that follow each other. */
const isShort = ({ operator, value }: FilterToken) => operator.includes(':') && [...value].length < 3;

interface TableFilterProps<T> {
  noun: { one: string; many: string };
  columns: readonly ResourceColumn<T>[];
  state: TableState;
  /** How many rows there are; undefined while there is no answer. */
  count: { total: number; more: boolean } | undefined;
}

export function TableFilter<T>({ noun, columns, state, count }: TableFilterProps<T>) {
  const { filter } = state.query;
  const filterable = columns.flatMap(({ id, header, filter: by }) =>
    by ? [{ id, label: by.label ?? header, by }] : [],
  );
  if (filterable.length === 0) return null;
  const properties = filterable.map(({ id, label, by }) => {
    if (by.kind === 'date') return dateProperty(id, label);
    const labels = new Map(by.values?.map(({ value, label: shown }) => [value, shown ?? value]));
    const format = (value: string) => labels.get(value) ?? value ?? '';
    return {
      key: id,
      propertyLabel: label,
      groupValuesLabel: `Values of ${label}`,
      operators: operatorsOf(by).map((operator) => (labels.size > 0 ? { operator, format } : operator)),
      defaultOperator: operatorsOf(by)[0],
    } as PropertyFilterProps.FilteringProperty;
  });
  const options = filterable.flatMap(({ id, by }) =>
    (by.values ?? []).map(({ value, label }) => ({ propertyKey: id, value, label: label ?? value })),
  );
  return (
    <PropertyFilter
      query={{
        operation: filter.operation,
        tokens: filter.tokens.map(({ property, operator, value }) => ({
          operator,
          value,
          ...(property ? { propertyKey: property } : {}),
        })),
      }}
      onChange={({ detail }) =>
        state.setFilter({ operation: detail.operation, tokens: detail.tokens.flatMap((token) => toToken(token)) })
      }
      filteringProperties={properties}
      filteringOptions={options}
      freeTextFiltering={{ operators: [':', '!:'], defaultOperator: ':' }}
      filteringPlaceholder={`Find ${noun.many}`}
      filteringAriaLabel={`Find ${noun.many}`}
      countText={
        filter.tokens.length > 0 && count ? `${countText(count)} ${count.total === 1 ? 'match' : 'matches'}` : ''
      }
      hideOperations={filter.tokens.length < 2}
      {...(filter.tokens.some(isShort) ? { filteringConstraintText: SHORT_TEXT } : {})}
    />
  );
}

function dateProperty(key: string, propertyLabel: string): PropertyFilterProps.FilteringProperty {
  return {
    key,
    propertyLabel,
    groupValuesLabel: `Values of ${propertyLabel}`,
    defaultOperator: '>=',
    operators: (['>=', '<'] as const).map((operator) => ({
      operator,
      description: operator === '<' ? 'Before' : 'On or after',
      format: (value: string) => value,
      form: ({ value, onChange }) => (
        <FormField label={operator === '<' ? 'Before' : 'On or after'}>
          <DateInput
            value={value ?? ''}
            placeholder="YYYY-MM-DD"
            format="iso"
            onChange={({ detail }) => onChange(detail.value)}
          />
          <Calendar value={value ?? ''} onChange={({ detail }) => onChange(detail.value)} />
        </FormField>
      ),
    })),
  };
}

function toToken({ propertyKey, operator, value }: PropertyFilterProps.Token): FilterToken[] {
  const known = FILTER_OPERATORS.find((candidate): candidate is FilterOperator => candidate === operator);
  const text = String(value ?? '').trim();
  return known && text ? [{ ...(propertyKey ? { property: propertyKey } : {}), operator: known, value: text }] : [];
}
