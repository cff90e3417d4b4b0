// Names that lead nowhere: files, folders and code that a comment or a page names and that are not there, npm commands that do
// not exist, links of pages, settings that a page promises and nothing reads, and settings that are read and described nowhere.
// Alone: node scripts/check/references.ts.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { run } from '../setup/child-program.ts';

interface DeadReference {
  file: string;
  line: number;
  why: string;
}

/** Settings that no page describes, since nobody sets them by hand: our programs and tests hand them to each other. */
const BETWEEN_PROGRAMS = new Set([
  'LANDFALL_STARTED_AT',
  'LANDFALL_LAB',
  'LANDFALL_LAB_CONTROL',
  'LANDFALL_TEST_CLOCK',
  'LANDFALL_AWS_POLL_MS',
  'LANDFALL_TICK_SCALE',
]);

const SOURCE = /\.(tsx?|mjs|cjs|mts)$/;
const FOLDERS = 'app|server|db|replication|connector|lab|e2e|peers|proofs|bench|scripts|docs';
/** One level of a path, also Next's `(group)` and `[id]`, and ours: `{this,that}`, `*`. */
const LEVEL = '(?:\\(\\w+\\)|\\[[\\w.]+\\]|(?:[\\w*-]|\\.(?=\\w)|\\{[\\w.,/-]+\\})+)';
const PATH = new RegExp(`(?<![\\w/.:@<{-])(?:${FOLDERS})/(?:${LEVEL}(?:/${LEVEL})*/?)?`, 'g');
const FILE_NAME = new RegExp(
  `(?<![\\w/.*}<>…-])(?:\\.\\./)*(?:${LEVEL}/)*[\\w.-]*\\w\\.(?:tsx?|mjs|cjs|sql)\\b(?![\\w(/-])`,
  'g',
);
const CODE_NAME = /`([a-z]+(?:[A-Z][a-z0-9]*)+)(?:\(\))?`/g;
const NPM = /\bnpm (?:run ([\w-]+(?::[\w-]+)*)|(test|start)\b)/g;
const LINK = /\]\((?!https?:|mailto:)([^)\s]+)\)/g;
const SETTING = /\bLANDFALL_[A-Z0-9_]*[A-Z0-9]\b/g;

/** The comments of a source with everything else blanked, so that lines stay where they are; a page whole. */
function prose(file: string, text: string): string {
  if (!SOURCE.test(file)) return file.endsWith('.md') ? text : '';
  let out = '';
  let last = 0;
  const blank = (part: string) => part.replaceAll(/[^\n]/g, ' ');
  for (const found of text.matchAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*$/gm)) {
    out += blank(text.slice(last, found.index)) + found[0];
    last = found.index + found[0].length;
  }
  return out + blank(text.slice(last));
}

function codeOf(file: string, text: string): string {
  return SOURCE.test(file)
    ? text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*$/gm, '')
    : file.endsWith('.md')
      ? ''
      : text;
}

/** `a/{b,c}.ts` names two files. */
function unfolded(name: string): string[] {
  const found = /\{([^{}]*)\}/.exec(name);
  if (!found) return [name];
  const [whole, inner = ''] = found;
  return inner.split(',').flatMap((part) => unfolded(name.replace(whole, part)));
}

/** Settings that a page names, also by their ends: `LANDFALL_X_URL`, `_USER`. */
function settingsOf(page: string): string[] {
  return page.split('\n').flatMap((line) => {
    const names = line.match(SETTING) ?? [];
    const ends = [...line.matchAll(/`(_[A-Z0-9]+)`/g)].map(([, end = '']) => end);
    return [...names, ...names.flatMap((name) => ends.map((end) => name.replace(/_[A-Z0-9]+$/, end)))];
  });
}

/** GitHub's anchor of a heading. */
function anchor(heading: string): string {
  const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
  return words
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

/** @param files text by path from the root, of all that git knows and that is text */
export function deadReferences(files: ReadonlyMap<string, string>): DeadReference[] {
  const dead: DeadReference[] = [];
  const all = [...files.keys()];
  const known = new Set<string>();
  for (const file of all) {
    // By its whole path and by every part of it, and so its folders.
    const parts = file.split('/');
    for (let end = parts.length; end > 0; end -= 1) {
      for (let from = 0; from < end; from += 1) known.add(parts.slice(from, end).join('/'));
    }
  }
  const isThere = (name: string) => {
    const plain = name.replace(/\/$/, '').replace(/^(\.\.\/)+/, '');
    if (!plain.includes('*')) return known.has(plain) || all.some((file) => file.startsWith(`${plain}.`));
    const pattern = new RegExp(`^${plain.replaceAll(/[.()[\]]/g, '\\$&').replaceAll('*', '[^/]*')}(/|$)`);
    return all.some((file) => pattern.test(file));
  };
  const { scripts = {} } = JSON.parse(files.get('package.json') ?? '{}') as { scripts?: Record<string, string> };
  const code = [...files].map(([file, text]) => codeOf(file, text)).join('\n');
  const identifiers = new Set(code.match(/[A-Za-z_$][\w$]*/g));
  const read = new Set(
    [...files].flatMap(([file, text]) => {
      if (/^(server|connector|lab|db|scripts)\/.*\.test\.tsx?$/.test(file)) return [];
      const lines = codeOf(file, text).split('\n');
      // Whoever only hands a setting on (`X: own.X`) does not read it.
      return lines
        .filter((line) => !/\b(LANDFALL_\w+): own\.\1\b/.test(line))
        .flatMap((line) => line.match(SETTING) ?? []);
    }),
  );

  for (const [file, text] of files) {
    const said = prose(file, text);
    const note = (index: number, why: string) =>
      dead.push({ file, line: said.slice(0, index).split('\n').length, why });
    const each = (pattern: RegExp, see: (found: RegExpExecArray) => string | undefined) => {
      for (const found of said.matchAll(pattern)) {
        const why = see(found);
        if (why) note(found.index, why);
      }
    };
    each(PATH, ([name]) => (unfolded(name).every(isThere) ? undefined : `there is no ${name}`));
    each(FILE_NAME, ([name]) => (isThere(name) ? undefined : `there is no ${name}`));
    each(NPM, ([command, ran, short]) =>
      (ran ?? short ?? '') in scripts ? undefined : `package.json has no ${command}`,
    );
    each(CODE_NAME, ([, name = '']) => (identifiers.has(name) ? undefined : `nothing is called ${name}`));
    if (!file.endsWith('.md')) continue;
    each(LINK, ([, target = '']) => {
      const [to = '', part] = target.split('#');
      const page = to === '' ? file : path.posix.join(path.posix.dirname(file), to);
      if (!files.has(page) && !known.has(page)) return `the link leads to ${page}, which is not there`;
      const headings = (files.get(page) ?? '').matchAll(/^#+ (.*)$/gm);
      if (part && ![...headings].some(([, heading = '']) => anchor(heading) === part))
        return `${page} has no heading #${part}`;
      return undefined;
    });
    each(SETTING, ([name]) => (read.has(name) ? undefined : `nothing reads ${name}`));
  }
  const described = new Set([...files].flatMap(([file, text]) => (file.endsWith('.md') ? settingsOf(text) : [])));
  for (const [file, text] of files) {
    if (
      !SOURCE.test(file) ||
      /\.test\.tsx?$/.test(file) ||
      !/^(server|connector|lab|db|scripts\/(run|setup))\//.test(file)
    )
      continue;
    for (const found of codeOf(file, text).matchAll(SETTING)) {
      const [name] = found;
      if (BETWEEN_PROGRAMS.has(name) || described.has(name)) continue;
      const line = text.slice(0, text.indexOf(name)).split('\n').length;
      dead.push({ file, line, why: `no page describes ${name}` });
      described.add(name);
    }
  }
  return dead;
}

/** The texts of all files that git knows or would add; not change notes, fixtures and our own test, which name what is not there. */
async function repositoryTexts(root: string): Promise<Map<string, string>> {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { code, output } = await run('git', args, { cwd: root, capture: true });
  if (code !== 0) throw new Error(`git ls-files failed:\n${output}`);
  const names = output.split('\0').filter((name) => name !== '' && existsSync(path.join(root, name)));
  const isText = (name: string) =>
    !/\.(png|woff2?|ico)$|^package-lock\.json$|\/fixtures\/|^changelog\/unreleased\/|^CHANGELOG\.md$|^scripts\/check\/references\.test\.ts$|^db\/migrations\/meta\//.test(
      name,
    );
  return new Map(names.map((name) => [name, isText(name) ? readFileSync(path.join(root, name), 'utf8') : '']));
}

if (import.meta.main) {
  const texts = await repositoryTexts(path.resolve(import.meta.dirname, '../..'));
  const dead = deadReferences(texts);
  for (const { file, line, why } of dead) console.log(`${file}:${line} ${why}`);
  console.log(`references: ${texts.size} files, ${dead.length} that lead nowhere`);
  process.exitCode = dead.length === 0 ? 0 : 1;
}
