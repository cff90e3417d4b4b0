'use client';
// The dialog behind the gear of a table.
import CollectionPreferences from '@cloudscape-design/components/collection-preferences';
import { columnDisplay, type ResourceColumn, type TablePreferences } from './table-columns.ts';
import { PAGE_SIZES } from './table-query.ts';

interface TablePreferencesDialogProps<T> {
  noun: { many: string };
  columns: readonly ResourceColumn<T>[];
  pageSize: number;
  preferences: TablePreferences;
  onConfirm: (preferences: TablePreferences) => void;
}

export function TablePreferencesDialog<T>(props: TablePreferencesDialogProps<T>) {
  const { noun, columns, pageSize, preferences, onConfirm } = props;
  return (
    <CollectionPreferences
      title="Preferences"
      confirmLabel="Confirm"
      cancelLabel="Cancel"
      preferences={{
        pageSize,
        wrapLines: preferences.wrapLines ?? false,
        stripedRows: preferences.stripedRows ?? false,
        contentDensity: preferences.density ?? 'comfortable',
        contentDisplay: columnDisplay(columns, preferences.columns),
      }}
      pageSizePreference={{
        title: 'Page size',
        options: PAGE_SIZES.map((value) => ({ value, label: `${value} ${noun.many}` })),
      }}
      wrapLinesPreference={{ label: 'Wrap lines', description: 'Shows the whole text of a cell' }}
      stripedRowsPreference={{ label: 'Striped rows', description: 'Shades every other row' }}
      contentDensityPreference={{ label: 'Compact rows', description: 'Shows more rows at once' }}
      contentDisplayPreference={{
        title: 'Columns',
        description: 'Choose which are shown, and in which order.',
        options: columns.map(({ id, header, isName }) => ({ id, label: header, alwaysVisible: isName ?? false })),
      }}
      onConfirm={({ detail }) =>
        onConfirm({
          ...preferences,
          ...(detail.pageSize ? { pageSize: detail.pageSize } : {}),
          wrapLines: detail.wrapLines ?? false,
          stripedRows: detail.stripedRows ?? false,
          density: detail.contentDensity === 'compact' ? 'compact' : 'comfortable',
          columns: (detail.contentDisplay ?? []).flatMap((entry) =>
            'visible' in entry ? [{ id: entry.id, visible: entry.visible }] : [],
          ),
        })
      }
    />
  );
}
