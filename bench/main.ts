// What `npm run bench` runs: our writers and uploads against what people would use instead, each row a ratio of two sides
// that read the same file and write to the same place in turn; and the console on a large database, milliseconds with an aim.
// Prints a table of each kind, or JSON. Never a check: a slow machine is no fault, so it says whether an aim is met and ends
// well either way.
//
//   npm run bench [-- --only vmdk,s3,ebs] [--size 1024] [--rounds 3] [--json]
//   npm run bench -- --only console [--servers 100000] [--keep FOLDER] [--lists servers,runs] [--times 20] [--longest 10]
//                                   [--all] [--explain FILE]
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installBenchPeers } from '../scripts/peers/peer-programs.ts';
import type { ConsoleRow } from './console/answers.ts';
import { consoleRows } from './console/rows.ts';
import { FULL_SERVERS } from './console/sizes.ts';
import { consoleTable } from './console/table.ts';
import { ebsRows } from './ebs-rows.ts';
import { INPUTS, type InputName, makeInput } from './inputs.ts';
import type { Row, SideResult } from './row.ts';
import { s3Row } from './s3-upload.ts';
import { vmdkRow } from './vmdk.ts';

const MiB = 1024 * 1024;
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'vmdk,s3,ebs' },
    /** MiB of the mixed disk; the text alone has a quarter. */
    size: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    /** Of the console's database, at least 100; everything else in it follows. */
    servers: { type: 'string', default: String(FULL_SERVERS) },
    /** Where the console's database is kept, and found again. Without it: in a folder that is removed at the end. */
    keep: { type: 'string' },
    /** Only these lists of the console, and nothing else of it; `ticks` among them for those of the worker, `pages` for a browser's. */
    lists: { type: 'string' },
    /** How often each question is asked; those that take long are asked less often. */
    times: { type: 'string', default: '20' },
    /** Seconds after which a question of the console is given up. */
    longest: { type: 'string', default: '10' },
    /** Every question with its own line, not only the slowest of a row. */
    all: { type: 'boolean', default: false },
    /** Where the plans of the console's three slowest statements go. */
    explain: { type: 'string' },
  },
});
const only = values.only.split(',');
const rounds = Number(values.rounds);
const rows: Row[] = [];
let ofConsole: ConsoleRow[] = [];

const folder = mkdtempSync(path.join(tmpdir(), 'landfall-bench-'));
try {
  if (only.includes('vmdk') || only.includes('s3')) {
    const peers = await installBenchPeers(path.resolve(import.meta.dirname, '../.landfall/peers'));
    for (const name of Object.keys(INPUTS) as InputName[]) {
      const size = Math.max(1, Math.floor(Number(values.size) / (name === 'text' ? 4 : 1)));
      const input = makeInput(folder, name, size * MiB);
      if (only.includes('vmdk')) show(await vmdkRow(input, rounds, peers['qemu-img']));
      if (only.includes('s3')) show(await s3Row(input, rounds, peers.aws));
      rmSync(input.file);
    }
  }
  if (only.includes('ebs')) for (const row of await ebsRows(rounds)) show(row);
  if (only.includes('console')) {
    ofConsole = await consoleRows({
      servers: Number(values.servers),
      keep: values.keep ?? null,
      lists: values.lists?.split(',') ?? null,
      times: Number(values.times),
      longest: Number(values.longest),
      explain: values.explain ?? null,
      say: (text) => console.error(text),
    });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const machine = `${availableParallelism()} × ${cpus()[0]?.model.trim()}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`;
if (values.json) console.log(JSON.stringify({ machine, rounds, rows, console: ofConsole }, null, 2));
else {
  if (rows.length > 0)
    console.log(`\n${table(rows)}\n\n${machine}; the middle of ${rounds} rounds, load of the machine beside each row.`);
  if (ofConsole.length > 0)
    console.log(
      `\n${consoleTable(ofConsole, values.all)}\n\n${machine}; ${values.servers} servers, up to ${values.times} times each, load of the machine beside each row.`,
    );
}

/** As it goes, to whoever waits. */
function show(row: Row): void {
  rows.push(row);
  console.error(`${row.name}, ${row.input}: ${row.missing ?? `${row.ratio?.toFixed(2)} times ${row.peer}`}`);
}

function table(all: readonly Row[]): string {
  const head = ['what', 'input', 'against', 'ratio', 'ours', 'theirs', 'size', 'aim', 'met', 'load'];
  const lines = all.map((row) => [
    row.name,
    row.input,
    row.peer,
    row.ratio === null ? `not measured: ${row.missing}` : `${row.ratio.toFixed(2)} ×`,
    sideText(row.ours),
    sideText(row.theirs),
    sizeText(row),
    row.aim,
    row.met === null ? '' : row.met ? 'yes' : 'no',
    row.load.toFixed(1),
  ]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function sideText(side: SideResult | null): string {
  if (!side) return '';
  const cpu = side.cpuSeconds === null ? '' : `, CPU ${side.cpuSeconds.toFixed(1)} s`;
  const rss = side.peakRssMib === null ? '' : `, ${side.peakRssMib.toFixed(0)} MiB`;
  return `${side.seconds.toFixed(2)} s${cpu}${rss}`;
}

function sizeText({ ours, theirs }: Row): string {
  if (!ours?.bytes || !theirs?.bytes) return '';
  return `${(ours.bytes / MiB).toFixed(0)} / ${(theirs.bytes / MiB).toFixed(0)} MiB (${(100 * (ours.bytes / theirs.bytes - 1)).toFixed(1)} %)`;
}
