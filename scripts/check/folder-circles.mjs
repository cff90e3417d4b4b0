// Folders that know each other in a circle, type imports counted. dependency-cruiser looks at files: two folders can lean on each
// other through four files of which no two do.

/** Folders whose direct children must form no circle. A file that lies directly in them counts as a child of its own. */
const RULES = [
  {
    name: 'service-nouns-without-circles',
    roots: ['server/services'],
    comment:
      'Two nouns that know each other can be read and changed only together: give what both need a noun of its own below them, put a rule with the noun that owns the row, or let the surface (server/api, server/engine) call one after the other.',
  },
  {
    name: 'console-nouns-without-circles',
    roots: ['app/(console)'],
    comment:
      'Two screens that know each other can be read and changed only together: form parts that both show belong in app/_forms, plain components in app/_ui, and the types of a noun in its types.ts.',
  },
  {
    name: 'rooms-without-circles',
    roots: ['app', 'server', 'db', 'replication', 'connector', 'lab', 'lab/aws', 'scripts'],
    comment:
      'Two rooms that know each other are one: move what both need into the lower of them or a room below, or hand it in as an argument.',
  },
];

/** Tests and what only they import may drive every noun: nobody leans on them. */
const TESTS = /\.test\.tsx?$|(^|\/)testing(-[a-z-]+)?\.ts$|-for-tests\.ts$/;

/** In the shape of the rules of imports.mjs. */
export const folderCircleRules = RULES.map(({ name, roots, comment }) => ({
  name,
  comment,
  find: (modules) => roots.flatMap((root) => circlesOf(arrowsBetween(modules, root))),
}));

/** Arrows between the children of `root`: child → child → the first import that draws the arrow. */
function arrowsBetween(modules, root) {
  const childOf = (file) => (file.startsWith(`${root}/`) ? file.slice(root.length + 1).split('/')[0] : null);
  const arrows = new Map();
  for (const { source, dependencies } of modules.filter(({ source }) => !TESTS.test(source))) {
    const from = childOf(source);
    if (from === null) continue;
    for (const { resolved } of dependencies) {
      const to = childOf(resolved);
      if (to === null || to === from || TESTS.test(resolved)) continue;
      const drawn = arrows.get(from) ?? new Map();
      arrows.set(from, drawn);
      if (!drawn.has(to)) drawn.set(to, `${source} imports ${resolved}`);
    }
  }
  return arrows;
}

/** The shortest circle through each child that is in one; those that share a child count as one. */
function circlesOf(arrows) {
  const told = new Set();
  const found = [];
  for (const start of [...arrows.keys()].sort()) {
    const circle = told.has(start) ? null : shortestCircle(arrows, start);
    if (!circle || circle.some((child) => told.has(child))) continue;
    for (const child of circle) told.add(child);
    const steps = circle.map((child, at) => ({ child, next: circle[at + 1] ?? start }));
    found.push({
      from: start,
      to: start,
      cycle: steps.map(({ child, next }) => `${next} (${arrows.get(child).get(next)})`),
    });
  }
  return found;
}

/** @returns {string[] | null} the children on the way from `start` back to it */
function shortestCircle(arrows, start) {
  const cameFrom = new Map();
  const queue = [start];
  for (let child = queue.shift(); child !== undefined; child = queue.shift()) {
    for (const next of arrows.get(child)?.keys() ?? []) {
      if (next === start) {
        const circle = [child];
        while (circle[0] !== start) circle.unshift(cameFrom.get(circle[0]));
        return circle;
      }
      if (!cameFrom.has(next)) {
        cameFrom.set(next, child);
        queue.push(next);
      }
    }
  }
  return null;
}
