// The walls between workspaces, read from the sources of the server: every statement on a table with a workspace names the workspace
// or is about rows that did, whoever opens a transaction has asked for a permission or is no member, what a member changes is
// audited, and nobody makes a WorkspaceId of a text. Exceptions stand in walls-exceptions.ts, each with its reason.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { EXCEPTIONS } from './walls-exceptions.ts';

export interface Breach {
  file: string;
  line: number;
  /** The outermost declaration it lies in. */
  within: string;
  rule: 'statement' | 'transaction' | 'audit' | 'brand';
  why: string;
}

/** Of a rule, what is excused from it, as `server/services/runs/list.ts#listRuns`, and why. */
export type Exceptions = Record<Breach['rule'], Readonly<Record<string, string>>>;

const STATEMENTS = new Set(['from', 'update', 'insert', 'delete']);
const NARROWING = new Set(['where', 'values', 'set', 'innerJoin', 'onConflictDoUpdate']);
const PROGRAM = /\b(?:ProgramContext|ConnectorHead)\b/;

type Named = Map<string, ts.Node>;

/** All breaches of the sources, which are given with their texts by path. */
export function breaches(sources: ReadonlyMap<string, string>): Breach[] {
  const parsed = [...sources].map(([file, text]) => ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  const tables = new Map(parsed.filter(({ fileName }) => fileName.startsWith('db/schema/')).flatMap(tablesOf));
  const server = parsed.filter(({ fileName }) => fileName.startsWith('server/'));
  const functions: Named = new Map(server.flatMap((source) => [...declarationsOf(source)]));
  return [
    ...statementBreaches(server, tables),
    ...server.flatMap((source) => [...transactionBreaches(source, functions), ...brandBreaches(source)]),
  ];
}

/** What is left without the excused, and the excuses that excuse nothing. */
export function judge(found: readonly Breach[], exceptions: Exceptions): { breaches: Breach[]; idle: string[] } {
  const keyOf = ({ file, within }: Breach) => `${file}#${within}`;
  const excused = (one: Breach) => Object.hasOwn(exceptions[one.rule], keyOf(one));
  const used = new Set(found.filter(excused).map((one) => `${one.rule} ${keyOf(one)}`));
  const all = Object.entries(exceptions).flatMap(([rule, keys]) => Object.keys(keys).map((key) => `${rule} ${key}`));
  return { breaches: found.filter((one) => !excused(one)), idle: all.filter((key) => !used.has(key)) };
}

/** Tables with a workspace, by the name of the constant; their names in SQL. */
function tablesOf(source: ts.SourceFile): [string, string][] {
  const found: [string, string][] = [];
  each(source, (node) => {
    if (!ts.isVariableDeclaration(node) || !node.initializer || !ts.isCallExpression(node.initializer)) return;
    const [name, columns] = node.initializer.arguments;
    if (!/^pg(Table|View)$/.test(node.initializer.expression.getText()) || !name || !columns) return;
    if (/\bworkspaceId:/.test(columns.getText())) found.push([node.name.getText(), (name as ts.StringLiteral).text]);
  });
  return found;
}

function statementBreaches(server: readonly ts.SourceFile[], tables: ReadonlyMap<string, string>): Breach[] {
  const found: Breach[] = [];
  const needs: Need[] = [];
  for (const source of server) {
    const ofFile = declarationsOf(source, isOfFile);
    each(source, (node) => {
      const about = statementOn(node, tables) ?? rawStatementOn(node, tables);
      if (!about) return;
      const outer = outermost(node);
      const local = new Map([...ofFile, ...declarationsOf(outer)]);
      if (namesWorkspace(about.narrowing, local) || isOfProgram(outer)) return;
      const proof = best(
        about.narrowing.flatMap((given) => comparedValues(given, local)).map((value) => proofOf(value, outer)),
      );
      if (typeof proof === 'number') needs.push({ outer, parameter: proof });
      else if (!proof) found.push(breach(node, 'statement', `${about.what} does not name the workspace`));
    });
  }
  return [...found, ...callBreaches(server, needs)];
}

/** A function whose parameter names rows: whoever calls it has found them in the workspace. */
interface Need {
  outer: ts.Node;
  parameter: number;
}

function callBreaches(server: readonly ts.SourceFile[], first: readonly Need[]): Breach[] {
  const calls = callsOf(server);
  const found: Breach[] = [];
  const needs: Need[] = [];
  const add = (need: Need) => {
    if (!needs.some(({ outer, parameter }) => outer === need.outer && parameter === need.parameter)) needs.push(need);
  };
  first.forEach(add);
  // Grows while it is walked: a caller that hands on its own parameter asks its callers.
  for (const { outer, parameter } of needs) {
    for (const call of calls.get(nameOf(outer)) ?? []) {
      const [argument, caller] = [call.arguments[parameter], outermost(call)];
      if (!argument || !isCallOf(call, outer) || isOfProgram(caller)) continue;
      const proof = proofOf(argument, caller);
      if (typeof proof === 'number') add({ outer: caller, parameter: proof });
      else if (!proof)
        found.push(
          breach(
            call,
            'statement',
            `${nameOf(outer)} is given ${argument.getText()}, which was not looked for in the workspace`,
          ),
        );
    }
  }
  return found;
}

function callsOf(server: readonly ts.SourceFile[]): Map<string, ts.CallExpression[]> {
  const calls = new Map<string, ts.CallExpression[]>();
  for (const source of server)
    each(source, (node) => {
      if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return;
      const name = node.expression.text;
      calls.set(name, [...(calls.get(name) ?? []), node]);
    });
  return calls;
}

/** Whether it calls this one and not another of the same name. */
function isCallOf(call: ts.CallExpression, outer: ts.Node): boolean {
  const [here, there] = [call.getSourceFile(), outer.getSourceFile()];
  if (here === there) return true;
  return isExported(outer) && !declarationsOf(here).has(nameOf(outer));
}

interface Statement {
  what: string;
  /** The arguments that say which rows. */
  narrowing: readonly ts.Node[];
}

function statementOn(node: ts.Node, tables: ReadonlyMap<string, string>): Statement | null {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return null;
  const verb = node.expression.name.text;
  const table = node.arguments[0]?.getText() ?? '';
  if (!STATEMENTS.has(verb) || !tables.has(table)) return null;
  let top: ts.Node = node;
  while (
    (ts.isPropertyAccessExpression(top.parent) || ts.isCallExpression(top.parent)) &&
    top.parent.expression === top
  )
    top = top.parent;
  const narrowing: ts.Node[] = [];
  for (let call = top; ts.isCallExpression(call) && ts.isPropertyAccessExpression(call.expression); ) {
    if (NARROWING.has(call.expression.name.text)) narrowing.push(...call.arguments);
    call = call.expression.expression;
  }
  return { what: `${verb} ${table}`, narrowing };
}

/** A statement in SQL of its own that is executed as such. */
function rawStatementOn(node: ts.Node, tables: ReadonlyMap<string, string>): Statement | null {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return null;
  const [text] = node.arguments;
  if (node.expression.name.text !== 'execute' || !text || !ts.isTaggedTemplateExpression(text)) return null;
  const names = [...tables].flatMap(([constant, name]) => [`\\$\\{${constant}\\}`, `"?${name}"?\\b`]).join('|');
  const found = new RegExp(`\\b(from|update|into)\\s+(?:${names})`, 'i').exec(text.getText());
  return found ? { what: found[0].replace(/\s+/g, ' '), narrowing: [text] } : null;
}

/** Itself, or by a constant or function of the file that it uses. */
function namesWorkspace(nodes: readonly ts.Node[], local: Named, depth = 0): boolean {
  return nodes.some((node) => {
    if (/\bworkspaceId\b|\bworkspace_id\b/.test(node.getText()) || isNarrowedForIt(node)) return true;
    if (depth > 1) return false;
    const used: ts.Node[] = [];
    each(node, (inner) => {
      const declared = ts.isIdentifier(inner) && !isPropertyName(inner) ? local.get(inner.text) : undefined;
      if (declared && declared !== node) used.push(declared);
    });
    return namesWorkspace(used, local, depth + 1);
  });
}

/** A condition that comes from whoever was given the workspace and this function: `findPage(db, LIST, workspaceId, query, (tx, here) => …)`. */
function isNarrowedForIt(condition: ts.Node): boolean {
  for (let node = condition.parent; ts.isIdentifier(condition) && !ts.isSourceFile(node); node = node.parent) {
    if (!ts.isArrowFunction(node) || !node.parameters.some(({ name }) => declares(name, condition.text))) continue;
    return ts.isCallExpression(node.parent) && node.parent.arguments.some((given) => given.getText() === 'workspaceId');
  }
  return false;
}

const isPropertyName = (node: ts.Identifier) => ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;

/** Called by Landfall itself or for a connector: its type keeps members out. */
function isOfProgram(outer: ts.Node): boolean {
  return ts.isFunctionLike(outer) && outer.parameters.some(({ type }) => type && PROGRAM.test(type.getText()));
}

/** `x` of `eq(table.id, x)` and `inArray(table.id, x)`, and of `${table.id} = ${x}`. */
function comparedValues(given: ts.Node, local: Named): ts.Node[] {
  const node = (ts.isIdentifier(given) && local.get(given.text)) || given;
  const found: ts.Node[] = [];
  each(node, (inner) => {
    if (ts.isCallExpression(inner) && /^(eq|inArray)$/.test(inner.expression.getText())) {
      const [column, value] = inner.arguments;
      if (column && value && /(\bid|Id|Ids|token|By)$/.test(column.getText())) found.push(value);
    }
    if (ts.isTemplateExpression(inner))
      for (const [at, span] of inner.templateSpans.entries()) {
        const before = at === 0 ? inner.head.text : (inner.templateSpans[at - 1]?.literal.text ?? '');
        if (/(=|\bin)\s*\(?$/i.test(before)) found.push(span.expression);
      }
  });
  return found;
}

/** Whether a value is of a row that was found in the workspace before; the number of a parameter whose caller has to know. */
type Proof = boolean | number;

/** The best of several: one that is proven is enough, since no row of another workspace fits it. */
function best(proofs: Proof[]): Proof {
  return proofs.includes(true) || (proofs.find((proof) => typeof proof === 'number') ?? false);
}

function proofOf(value: ts.Node, outer: ts.Node, seen: ReadonlySet<ts.Node> = new Set()): Proof {
  const text = value.getText();
  if (seen.has(value) || /^\(?(await )?parseInput\b|^(input|ctx|tx|work)$/.test(text)) return false;
  // A statement is judged itself; a function that is given the workspace looks there; a new id is nobody's.
  if (/\.(from|returning)\(|\bworkspaceId\b|^newId\b/.test(text)) return true;
  const after = new Set([...seen, value]);
  if (ts.isIdentifier(value)) return proofOfName(value, outer, after);
  const parts: ts.Node[] = [];
  ts.forEachChild(value, (child) => {
    if (ts.isPropertyAccessExpression(value) && child === value.name) return;
    if (ts.isExpression(child) || ts.isSpreadElement(child)) parts.push(child);
  });
  return best(parts.map((part) => proofOf(part, outer, after)));
}

/** A name is proven by what it was declared from, and by whoever was given it together with the workspace before. */
function proofOfName(name: ts.Identifier, outer: ts.Node, seen: ReadonlySet<ts.Node>): Proof {
  const proofs: Proof[] = [];
  const isNamed = new RegExp(`\\b${name.text}\\b`);
  each(outer, (node) => {
    if (node.pos > name.pos) return;
    if (
      ts.isCallExpression(node) &&
      ts.isAwaitExpression(node.parent) &&
      node.end < name.pos &&
      /ids?$/i.test(name.text)
    ) {
      const given = node.arguments.map((argument) => argument.getText());
      const together = given.some((text) => /\bworkspaceId\b/.test(text)) && given.some((text) => isNamed.test(text));
      if (together) proofs.push(true);
    }
    if (ts.isVariableDeclaration(node) && declares(node.name, name.text)) {
      const loop = node.parent.parent;
      const origin = ts.isForOfStatement(loop) ? loop.expression : node.initializer;
      if (origin) proofs.push(proofOf(origin, outer, seen));
    }
    if (ts.isParameter(node) && declares(node.name, name.text)) {
      const { parent } = node;
      if (parent === outer) proofs.push(parent.parameters.indexOf(node as ts.ParameterDeclaration));
      else if (ts.isArrowFunction(parent) && ts.isCallExpression(parent.parent)) {
        const callee = parent.parent.expression;
        if (ts.isPropertyAccessExpression(callee)) proofs.push(proofOf(callee.expression, outer, seen));
      }
    }
  });
  return best(proofs);
}

function declares(name: ts.BindingName, wanted: string): boolean {
  if (ts.isIdentifier(name)) return name.text === wanted;
  return name.elements.some((element) => ts.isBindingElement(element) && declares(element.name, wanted));
}

function transactionBreaches(source: ts.SourceFile, functions: Named): Breach[] {
  const found: Breach[] = [];
  each(source, (node) => {
    if (!ts.isCallExpression(node)) return;
    const own = node.expression.getText() === 'inTransaction';
    if (!own && !/\.transaction$/.test(node.expression.getText().replace(/\s/g, ''))) return;
    const outer = outermost(node);
    const text = outer.getText();
    if (isOfProgram(outer)) return;
    const given = ts.isFunctionLike(outer) && outer.parameters.some(({ type }) => type?.getText() === 'WorkspaceId');
    const asks = /\bguard\(/.test(text) || (given && !isExported(outer));
    if (!asks) found.push(breach(node, 'transaction', 'opens a transaction without having called guard'));
    if (own && !audits(node, functions)) found.push(breach(node, 'audit', 'changes something without an audit entry'));
  });
  return found;
}

/** Whether an audit entry is written in it, or by a function that it hands its work to. */
function audits(node: ts.Node, functions: Named, depth = 0, seen = new Set<ts.Node>()): boolean {
  if (seen.has(node) || depth > 4) return false;
  seen.add(node);
  let found = false;
  each(node, (inner) => {
    if (found || !ts.isCallExpression(inner)) return;
    const name = inner.expression.getText();
    if (/^(\w+\.)?audit$/.test(name)) found = true;
    const called = functions.get(name);
    const handed = inner.arguments.some((argument) => /^(work|transaction|change|audit)$/.test(argument.getText()));
    if (called && handed) found = audits(called, functions, depth + 1, seen);
  });
  return found;
}

function brandBreaches(source: ts.SourceFile): Breach[] {
  const found: Breach[] = [];
  each(source, (node) => {
    if (ts.isAsExpression(node) && /\bWorkspaceId\b/.test(node.type.getText()))
      found.push(breach(node, 'brand', 'makes a WorkspaceId of a text: ask guard, or read a row'));
  });
  return found;
}

const isExported = (node: ts.Node) =>
  ts.canHaveModifiers(node) && !!ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

const isOfFile = (node: ts.Node) => ts.isSourceFile(node.parent) || ts.isSourceFile(node.parent.parent.parent);

/** Functions and constants within, by their names. What was waited for is a row, and no condition. */
function declarationsOf(within: ts.Node, which: (node: ts.Node) => boolean = () => true): Named {
  const found: Named = new Map();
  each(within, (node) => {
    if (ts.isVariableDeclaration(node) && node.initializer && ts.isAwaitExpression(node.initializer)) return;
    if (!(ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node)) || !which(node)) return;
    if (ts.isFunctionDeclaration(node) && node.name) found.set(node.name.text, node);
    else if (ts.isVariableDeclaration(node) && node.initializer && ts.isIdentifier(node.name))
      found.set(node.name.text, node.initializer);
  });
  return found;
}

/** The declaration of the file that a node lies in. */
function outermost(node: ts.Node): ts.Node {
  let outer = node;
  while (!ts.isSourceFile(outer.parent)) outer = outer.parent;
  if (ts.isVariableStatement(outer)) {
    const initializer = outer.declarationList.declarations.find(
      ({ pos, end }) => pos <= node.pos && node.end <= end,
    )?.initializer;
    if (initializer && ts.isFunctionLike(initializer)) return initializer;
  }
  return outer;
}

function nameOf(outer: ts.Node): string {
  if (ts.isFunctionDeclaration(outer) || ts.isClassDeclaration(outer)) return outer.name?.text ?? '';
  if (ts.isVariableStatement(outer)) return outer.declarationList.declarations[0]?.name.getText() ?? '';
  if (ts.isVariableDeclaration(outer.parent)) return outer.parent.name.getText();
  return '(itself)';
}

function breach(node: ts.Node, rule: Breach['rule'], why: string): Breach {
  const source = node.getSourceFile();
  const line = source.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
  return { file: source.fileName, line, within: nameOf(outermost(node)), rule, why };
}

function each(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => each(child, visit));
}

function sourcesOf(root: string): Map<string, string> {
  const names = ['db/schema', 'server'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  );
  // Tests make rows in whatever workspace.
  const judged = names.filter((name) => name.endsWith('.ts') && !/\.test\.ts$|\/testing[^/]*\.ts$/.test(name));
  return new Map(judged.map((name) => [name, readFileSync(path.join(root, name), 'utf8')]));
}

if (import.meta.main) {
  const sources = sourcesOf(path.resolve(import.meta.dirname, '../..'));
  const { breaches: left, idle } = judge(breaches(sources), EXCEPTIONS);
  for (const { file, line, within, rule, why } of left) console.log(`${file}:${line} ${within}: ${why} (${rule})`);
  for (const key of idle) console.log(`scripts/check/walls-exceptions.ts excuses what is not there: ${key}`);
  if (left.length > 0)
    console.log(
      'Name the workspace, take it from guard, or enter it in scripts/check/walls-exceptions.ts with the reason.',
    );
  console.log(`walls: ${sources.size} files, ${left.length + idle.length} breaches`);
  process.exitCode = left.length + idle.length === 0 ? 0 : 1;
}
