// Checks who imports whom: the rules of .dependency-cruiser.cjs, two that need the source text, and circles of folders.
// --without-fixtures leaves that proof out, for whoever has not touched the rules. --graph FILE writes the run-time arrows there: { file: [imported files] }.
// Fails too when it saw fewer files than git knows, or when a rule does not bite on its fixture in scripts/check/fixtures/imports.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';
import { folderCircleRules } from './folder-circles.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const fixtures = path.join(root, 'scripts/check/fixtures/imports');
const folders = [
  'app',
  'server',
  'db',
  'replication',
  'connector',
  'lab',
  'e2e',
  'peers',
  'proofs',
  'bench',
  'scripts',
];
const { forbidden, options } = createRequire(import.meta.url)(path.join(root, '.dependency-cruiser.cjs'));

const ownRules = [
  {
    name: 'browser-code-reaches-no-server',
    comment:
      'This file is loaded by a ’use client’ screen, so it would end in the browser: fetch in the page (a server component) or through tRPC and hand the values in.',
    find: browserCodeThatReachesServer,
  },
  {
    name: 'replication-reads-no-environment',
    comment:
      'replication takes its settings as arguments: read the environment in server/env.ts or connector/config and hand the value in.',
    find: (modules, folder) =>
      modules
        .filter(({ source }) => /^replication\//.test(source) && !/\.test\.tsx?$/.test(source))
        .filter(({ source }) => /\bprocess\.env\b/.test(codeOf(path.join(folder, source))))
        .map(({ source }) => ({ from: source, to: 'process.env' })),
  },
  ...folderCircleRules,
];

/** The text without its comments (good enough to look for an identifier in). */
function codeOf(file) {
  return readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '$1');
}

/** Follows run-time arrows inside app/ from every 'use client' file and names those that end in server/. */
function browserCodeThatReachesServer(modules, folder) {
  const bySource = new Map(modules.map((module) => [module.source, module]));
  const isClient = ({ source }) =>
    /^app\/.*\.(tsx?|jsx?)$/.test(source) && /^\s*['"]use client['"]/.test(codeOf(path.join(folder, source)));
  const queue = modules.filter(isClient);
  const seen = new Set(queue);
  const found = [];
  for (let module = queue.shift(); module; module = queue.shift()) {
    for (const { resolved, dependencyTypes } of module.dependencies) {
      if (dependencyTypes.includes('type-only')) continue;
      if (/^server\/(?!access\/permissions\.ts$)/.test(resolved)) found.push({ from: module.source, to: resolved });
      const next = /^app\//.test(resolved) && bySource.get(resolved);
      if (next && !seen.has(next)) {
        seen.add(next);
        queue.push(next);
      }
    }
  }
  return found;
}

/** @returns {Promise<{modules: object[], violations: {rule: string, from: string, to: string, cycle?: string[]}[]}>} */
async function check(folder, entries) {
  const { output } = await cruise(
    entries,
    { ...options, baseDir: folder, validate: true, ruleSet: { forbidden }, outputType: 'json' },
    options.enhancedResolveOptions,
  );
  const { modules, summary } = JSON.parse(output);
  const own = modules.filter(({ source, coreModule, couldNotResolve }) => {
    return (
      !coreModule && !couldNotResolve && !source.includes('node_modules/') && existsSync(path.join(folder, source))
    );
  });
  const violations = summary.violations.map(({ rule, from, to, cycle }) => ({
    rule: rule.name,
    from,
    to,
    cycle: cycle?.map((step) => step.name ?? step),
  }));
  for (const rule of ownRules) {
    for (const found of rule.find(own, folder)) violations.push({ rule: rule.name, ...found });
  }
  return { modules: own, violations };
}

/** TypeScript files that git knows or would add; without git, all that lie in the folders. */
function expectedFiles() {
  const wanted = (file) =>
    /\.tsx?$/.test(file) &&
    !file.startsWith('scripts/check/fixtures/') &&
    folders.includes(file.split('/')[0]) &&
    existsSync(path.join(root, file));
  try {
    const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
    const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return [...new Set(listed.split('\0'))].filter(wanted);
  } catch {
    return folders
      .filter((folder) => existsSync(path.join(root, folder)))
      .flatMap((folder) => readdirSync(path.join(root, folder), { recursive: true }).map((name) => `${folder}/${name}`))
      .filter(wanted);
  }
}

/** Every rule must be broken by the fixture of its name, and by nothing in `allowed`. */
async function checkFixtures() {
  const problems = [];
  const names = [...forbidden, ...ownRules].map(({ name }) => name);
  for (const name of names.filter((rule) => !existsSync(path.join(fixtures, rule)))) {
    problems.push(
      `The rule ${name} has no fixture: add scripts/check/fixtures/imports/${name}/ with a file that breaks it.`,
    );
  }
  for (const name of readdirSync(fixtures)) {
    const folder = path.join(fixtures, name);
    const { violations } = await check(folder, readdirSync(folder));
    const broken = [...new Set(violations.map(({ rule }) => rule))];
    if (name === 'allowed') {
      if (broken.length > 0) problems.push(`The fixture of what is allowed breaks ${broken.join(', ')}.`);
    } else if (!names.includes(name)) problems.push(`The fixture ${name} belongs to no rule.`);
    else if (!broken.includes(name)) {
      problems.push(`The rule ${name} does not bite: its fixture broke ${broken.join(', ') || 'nothing'}.`);
    }
  }
  return { problems, rules: names.length };
}

const entries = [
  ...folders.filter((folder) => existsSync(path.join(root, folder))),
  ...readdirSync(root).filter((name) => /^(?!\.).*\.(ts|mts|js|mjs|cjs)$/.test(name) && !name.endsWith('.d.ts')),
];
const expected = expectedFiles();
const { modules, violations } = await check(root, entries);
const { problems, rules } = process.argv.includes('--without-fixtures')
  ? { problems: [], rules: forbidden.length + ownRules.length }
  : await checkFixtures();
const graphFile = process.argv[process.argv.indexOf('--graph') + 1];
if (process.argv.includes('--graph') && graphFile) {
  const arrows = ({ dependencies }) =>
    dependencies
      .filter(({ dependencyTypes }) => !dependencyTypes.includes('type-only'))
      .map(({ resolved }) => resolved);
  writeFileSync(
    graphFile,
    JSON.stringify(Object.fromEntries(modules.map((module) => [module.source, arrows(module)]))),
  );
}
const seen = new Set(modules.map(({ source }) => source));
for (const file of expected.filter((name) => !seen.has(name))) problems.push(`Not seen, though git knows it: ${file}`);
if (expected.length === 0) problems.push('No source file was found at all.');

const sentences = new Map([...forbidden, ...ownRules].map(({ name, comment }) => [name, comment]));
for (const { rule, from, to, cycle } of violations) {
  console.error(`${rule}: ${from} → ${cycle ? cycle.join(' → ') : to}\n  ${sentences.get(rule)}`);
}
for (const problem of problems) console.error(problem);
const failed = violations.length + problems.length;
console.log(
  `import rules: ${rules} rules${process.argv.includes('--without-fixtures') ? '' : ', each proven by a fixture'}; ${seen.size} files seen (git knows ${expected.length}); ${failed === 0 ? 'no violation' : `${failed} wrong`}`,
);
process.exitCode = failed === 0 ? 0 : 1;
