// Which tests a change touches, by the arrows between modules: the nearest first.

/** Run-time imports by file, as scripts/check/imports.mjs --graph writes them; paths from the root of the repository. */
export type ImportGraph = Record<string, readonly string[]>;

export interface TouchedTest {
  file: string;
  /** Arrows from the test to what was changed: 0 for a test that was changed itself. */
  distance: number;
}

const isTest = (file: string) => /\.test\.tsx?$/.test(file);

/**
 * Tests that import a changed file, however far below. A changed file that is no module (a page, a migration, a picture)
 * counts as imported by whoever names it in its text.
 * @param changed paths from the root, also of files that are gone
 * @param names whether a module's text names a file
 */
export function touchedTests(
  graph: ImportGraph,
  changed: readonly string[],
  names: (module: string, file: string) => boolean,
): TouchedTest[] {
  const importers = new Map<string, string[]>();
  for (const [file, imported] of Object.entries(graph)) {
    for (const other of imported) importers.set(other, [...(importers.get(other) ?? []), file]);
  }
  const distance = new Map<string, number>();
  const queue: string[] = [];
  const reach = (file: string, far: number) => {
    if (distance.has(file)) return;
    distance.set(file, far);
    queue.push(file);
  };
  for (const file of changed) if (file in graph) reach(file, 0);
  for (const file of changed) {
    if (file in graph) continue;
    for (const module of Object.keys(graph)) if (names(module, file)) reach(module, 1);
  }
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const importer of importers.get(file) ?? []) reach(importer, (distance.get(file) ?? 0) + 1);
  }
  return [...distance]
    .filter(([file]) => isTest(file))
    .map(([file, far]) => ({ file, distance: far }))
    .sort((a, b) => a.distance - b.distance || a.file.localeCompare(b.file));
}
