'use client';
// Labelled values in columns, for details pages and panels.
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import type { ReactNode } from 'react';
import { UNKNOWN } from './quantity.ts';

/** An id of AWS's with its button fits into this: it is not broken over two lines. */
const MIN_COLUMN = 200;

/** Label → value; what is null, undefined or empty is shown as a dash, `false` leaves the entry out. */
export function KeyValues({
  items,
  columns = 3,
}: {
  items: readonly (readonly [string, ReactNode])[];
  columns?: number;
}) {
  return (
    <KeyValuePairs
      columns={columns}
      minColumnWidth={MIN_COLUMN}
      items={items
        .filter(([, value]) => value !== false)
        .map(([label, value]) => ({
          label,
          value: value === null || value === undefined || value === '' ? UNKNOWN : value,
        }))}
    />
  );
}
