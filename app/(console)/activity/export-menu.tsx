'use client';
// Takes the audit trail home: what the table's filter holds, in its order, all pages of it.
import ButtonDropdown from '@cloudscape-design/components/button-dropdown';
import type { TableQuery } from '../../_ui/table-query.ts';
import { inConsole } from '../../sub-path.ts';

export function ExportMenu({ query, disabled }: { query: TableQuery; disabled: boolean }) {
  return (
    <ButtonDropdown
      items={[
        { id: 'csv', text: 'CSV', description: 'For a spreadsheet' },
        { id: 'jsonl', text: 'JSON lines', description: 'For a program: one entry a line' },
      ]}
      disabled={disabled}
      disabledReason="There is nothing to export."
      expandToViewport
      onItemClick={({ detail }) => download(detail.id, query)}
    >
      {query.filter.tokens.length > 0 ? 'Export what matches' : 'Export'}
    </ButtonDropdown>
  );
}

function download(format: string, { sort, filter }: TableQuery): void {
  const link = document.createElement('a');
  const asked = new URLSearchParams({ format, query: JSON.stringify({ sort, filter }) });
  link.href = inConsole(`/api/activity/export?${asked}`);
  link.download = '';
  link.click();
}
