// npm run release:notes -- VERSION: gathers the notes of changelog/unreleased into CHANGELOG.md and removes them.
// changelog/README.md says what a note looks like.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** In the order in which a reader needs them. */
const KINDS = ['Action needed', 'Added', 'Changed', 'Fixed', 'Removed', 'Security'] as const;
type Kind = (typeof KINDS)[number];

interface Note {
  kind: Kind;
  title: string;
  body: string;
}

const BEGINNING = '# Changes\n\nWhat users and operators notice, newest first.\n';
const LONGEST_TITLE = 100;

/** @throws Error that says what is wrong with the note */
export function readNote(text: string): Note {
  const [, kind, title, body] = /^# ([^:\n]+): ([^\n]+)\n\n([\s\S]+)$/.exec(text) ?? [];
  if (!kind || !title || !body?.trim())
    throw new Error('it must be "# Kind: Title", an empty line, and some sentences');
  if (!KINDS.includes(kind as Kind)) throw new Error(`"${kind}" is none of ${KINDS.join(', ')}`);
  if (title.endsWith('.')) throw new Error('its title ends with a full stop');
  if (title.length > LONGEST_TITLE) throw new Error(`its title is longer than ${LONGEST_TITLE} characters`);
  if (/^#/m.test(body)) throw new Error('it has a second heading: make two notes of it');
  return { kind: kind as Kind, title, body: body.trim() };
}

/** All notes of a folder. @throws Error that names every note that is not well-formed */
export function readNotes(folder: string): { files: string[]; notes: Note[] } {
  // git keeps no empty folder: after a release there is none.
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  const problems: string[] = [];
  const notes: Note[] = [];
  for (const file of files) {
    try {
      if (!/^[a-z0-9-]+\.md$/.test(file)) throw new Error('its name must be words in lower case with hyphens, and .md');
      notes.push(readNote(readFileSync(path.join(folder, file), 'utf8')));
    } catch (error) {
      problems.push(`${file}: ${(error as Error).message}`);
    }
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return { files, notes };
}

/** The changelog with a version on top. @throws Error when it has that version already, or there is nothing to say */
export function withVersion(changelog: string, version: string, day: string, notes: readonly Note[]): string {
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${version} is not a version such as 0.2.0`);
  if (changelog.includes(`\n## ${version} (`)) throw new Error(`CHANGELOG.md has ${version} already`);
  if (notes.length === 0) throw new Error('There is no note in changelog/unreleased');
  const sections = KINDS.flatMap((kind) => {
    const lines = notes
      .filter((note) => note.kind === kind)
      .map(({ title, body }) => `- **${title}.** ${body.replaceAll(/\s*\n\s*/g, ' ')}`);
    return lines.length > 0 ? [`### ${kind}\n${lines.join('\n')}\n`] : [];
  });
  const [beginning, ...older] = (changelog || BEGINNING).split(/\n(?=## )/);
  return [
    beginning?.trimEnd(),
    '',
    `## ${version} (${day})`,
    sections.join('\n').trimEnd(),
    ...older.map((part) => `\n${part.trimEnd()}`),
    '',
  ].join('\n');
}

if (import.meta.main) {
  const root = path.resolve(import.meta.dirname, '../..');
  const folder = path.join(root, 'changelog/unreleased');
  const file = path.join(root, 'CHANGELOG.md');
  try {
    const { files, notes } = readNotes(folder);
    const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
    writeFileSync(file, withVersion(before, process.argv[2] ?? '', new Date().toISOString().slice(0, 10), notes));
    for (const name of files) rmSync(path.join(folder, name));
    console.log(`${notes.length} notes are in CHANGELOG.md now; commit it with the version in package.json.`);
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
