// The download of the audit trail: `GET /api/activity/export?format=csv&query=…`, streamed, as CSV or JSON lines.
import { Readable } from 'node:stream';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { stringify } from 'csv-stringify';
import { z } from 'zod';
import { fault } from '../../replication/model/fault.ts';
import { cookiesOf, memberOf } from '../auth/session.ts';
import { type ExportedEntry, exportActivity } from '../services/activity/export.ts';
import { memberContext } from '../services/context.ts';
import { listQuerySchema } from '../services/list-page.ts';
import { MappedFault, mapFault } from './faults.ts';

const FORMATS = { csv: 'text/csv; charset=utf-8', jsonl: 'application/jsonl; charset=utf-8' };

/** What the list of the page is asked, without its page. */
const asked = z.object({
  format: z.enum(['csv', 'jsonl']),
  query: z.preprocess(
    (text) => {
      try {
        return typeof text === 'string' ? JSON.parse(text) : text;
      } catch {
        return null;
      }
    },
    listQuerySchema
      .pick({ sort: true, filter: true })
      .default({ sort: null, filter: { operation: 'and', tokens: [] } }),
  ),
});

const COLUMNS = [
  'id',
  'at',
  'actorKind',
  'actorId',
  'actorName',
  'action',
  'subjectKind',
  'subjectId',
  'subjectName',
  'before',
  'after',
  'address',
  'chain',
  'hash',
] as const satisfies (keyof ExportedEntry)[];

export async function handleActivityExport(request: Request): Promise<Response> {
  try {
    // The download is recorded: no foreign page may have it made.
    if (request.headers.get('sec-fetch-site') === 'cross-site') throw new MappedFault(fault('not-signed-in'));
    const member = await memberOf(cookiesOf(request.headers), request.headers);
    if (!member) throw new MappedFault(fault('not-signed-in'));
    if (member.mustEnrol) throw new MappedFault(fault('second-step-missing'));
    const { format, query } = asked.parse(Object.fromEntries(new URL(request.url).searchParams));
    const pieces = exportActivity(memberContext(member.principal), query, format, request.signal);
    // The first piece is asked for before the answer begins, so that a refusal is one. A failure later ends the download as failed.
    const rows = rowsOf((await pieces.next()).value ?? [], pieces);
    const text = format === 'csv' ? csv(rows) : jsonLines(rows);
    const name = `landfall-activity-${new Date().toISOString().slice(0, 10)}.${format}`;
    const body = Readable.toWeb(Readable.from(encoded(text))) as globalThis.ReadableStream;
    return new Response(body, {
      headers: {
        'content-type': FORMATS[format],
        'content-disposition': `attachment; filename="${name}"`,
        'cache-control': 'no-store',
      },
    });
  } catch (error) {
    const mapped = mapFault(error, 'activity.export');
    const status = getHTTPStatusCodeFromError(mapped);
    return Response.json({ fault: mapped.fault }, { status, headers: { 'cache-control': 'no-store' } });
  }
}

async function* rowsOf(first: ExportedEntry[], rest: AsyncIterable<ExportedEntry[]>): AsyncGenerator<ExportedEntry> {
  yield* first;
  for await (const piece of rest) yield* piece;
}

async function* encoded(text: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const piece of text) yield Buffer.from(piece);
}

/** A cell that a spreadsheet would take for a formula is marked as text; documents are JSON in one cell. */
function csv(rows: AsyncIterable<ExportedEntry>): AsyncIterable<string> {
  const columns = COLUMNS.map((key) => ({ key, header: key }));
  const cast = { object: (value: unknown) => JSON.stringify(value) };
  return Readable.from(rows).compose(
    stringify({ header: true, columns, cast, escape_formulas: true, record_delimiter: 'windows' }),
  );
}

async function* jsonLines(rows: AsyncIterable<ExportedEntry>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}
