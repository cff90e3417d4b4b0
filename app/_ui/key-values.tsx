'use client';
// Labelled values in columns, for details pages and panels.
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import { Fragment, type ReactNode } from 'react';
import { UNKNOWN } from './quantity.ts';

/** An id of AWS's with its button fits into this: it is not broken over two lines. */
const MIN_COLUMN = 200;

/** What is longer than its column (a UUID, a path, an ARN, a host's name) is broken, and never lies over its neighbour. */
const WITHIN_COLUMN = 'wrap-anywhere [&_.whitespace-nowrap]:whitespace-normal';

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
          value: (
            <div className={WITHIN_COLUMN}>
              {value === null || value === undefined || value === '' ? UNKNOWN : brokenAtSlashes(value)}
            </div>
          ),
        }))}
    />
  );
}

/** A path that is too long is broken between its folders first. */
function brokenAtSlashes(value: ReactNode): ReactNode {
  if (typeof value !== 'string' || !value.includes('/')) return value;
  return value.split(/(?<=\/)/).map((part, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text have nothing else
    <Fragment key={at}>
      {part}
      <wbr />
    </Fragment>
  ));
}
