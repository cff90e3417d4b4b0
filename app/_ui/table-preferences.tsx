'use client';
// The dialog behind the gear of a table.
import CollectionPreferences from '@cloudscape-design/components/collection-preferences';
import { columnDisplay, type ResourceColumn, type TablePreferences } from './table-columns.ts';
import { PAGE_SIZES } from './table-query.ts';

/** Preferences that apply to rows and not to cards. */
const ROWS = {
  wrapLinesPreference: { label: 'Wrap lines', description: 'Shows the whole text of a cell' },
  stripedRowsPreference: { label: 'Striped rows', description: 'Shades every other row' },
  contentDensityPreference: { label: 'Compact rows', description: 'Shows more rows at once' },
};

interface TablePreferencesDialogProps<T> {
  noun: { many: string };
  columns: readonly ResourceColumn<T>[];
  pageSize: number;
  preferences: TablePreferences;
  /** Which of the member's choices of columns this is. */
  chosenAs: 'columns' | 'cardColumns';
  onConfirm: (preferences: TablePreferences) => void;
}

export function TablePreferencesDialog<T>(props: TablePreferencesDialogProps<T>) {
  const { noun, columns, pageSize, preferences, chosenAs, onConfirm } = props;
  const cards = chosenAs === 'cardColumns';
  return (
    <CollectionPreferences
      title="Preferences"
      confirmLabel="Confirm"
      cancelLabel="Cancel"
      preferences={{
        pageSize,
        wrapLines: preferences.wrapLines ?? true,
        stripedRows: preferences.stripedRows ?? false,
        contentDensity: preferences.density ?? 'comfortable',
        contentDisplay: columnDisplay(columns, preferences[chosenAs]),
      }}
      pageSizePreference={{
        title: 'Page size',
        options: PAGE_SIZES.map((value) => ({ value, label: `${value} ${noun.many}` })),
      }}
      {...(cards ? {} : ROWS)}
      contentDisplayPreference={{
        title: cards ? 'Fields' : 'Columns',
        description: 'Choose which are shown, and in which order.',
        options: columns.map(({ id, header, isName }) => ({ id, label: header, alwaysVisible: isName ?? false })),
      }}
      onConfirm={({ detail }) =>
        onConfirm({
          ...preferences,
          ...(detail.pageSize ? { pageSize: detail.pageSize } : {}),
          wrapLines: detail.wrapLines ?? true,
          stripedRows: detail.stripedRows ?? false,
          density: detail.contentDensity === 'compact' ? 'compact' : 'comfortable',
          [chosenAs]: (detail.contentDisplay ?? []).flatMap((entry) =>
            'visible' in entry ? [{ id: entry.id, visible: entry.visible }] : [],
          ),
        })
      }
    />
  );
}
