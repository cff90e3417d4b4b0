// Works that wait for one another, done by several sessions of PostgreSQL side by side.

/** What a lane can run a statement on. */
export interface Session {
  query(sql: string): Promise<unknown>;
}

export interface Work {
  /** Several may have the same name: it is done when all of them are. */
  name: string;
  /** One statement after the other, all in the same session. */
  sql: readonly string[];
  /** Names of what must be done before. */
  after?: readonly string[];
}

/**
 * Each session takes the first work of the list for which nothing is missing, as soon as the session is free.
 * @param done told of each work that has ended, with the seconds that it took
 * @throws what a statement threw, when no session runs one any more; the works that were left are not begun
 */
export async function inLanes(
  sessions: readonly Session[],
  works: readonly Work[],
  done: (name: string, seconds: number) => void,
): Promise<void> {
  const names = new Set(works.map(({ name }) => name));
  for (const { name, after = [] } of works)
    for (const other of after)
      if (!names.has(other)) throw new Error(`"${name}" comes after "${other}", and there is no such work`);
  const left = [...works];
  const running = new Set<Work>();
  const failures: unknown[] = [];
  let change = Promise.withResolvers<void>();
  const isDone = (wanted: string) => ![...left, ...running].some(({ name }) => name === wanted);
  const lane = async (session: Session) => {
    while (left.length > 0 && failures.length === 0) {
      const at = left.findIndex(({ after = [] }) => after.every(isDone));
      if (at < 0 && running.size === 0) throw new Error(`"${left[0]?.name}" waits for what waits for it`);
      if (at < 0) {
        await change.promise;
        continue;
      }
      const [work] = left.splice(at, 1) as [Work];
      running.add(work);
      const began = performance.now();
      try {
        for (const sql of work.sql) await run(session, sql);
      } catch (error) {
        failures.push(error);
      }
      running.delete(work);
      if (failures.length === 0) done(work.name, (performance.now() - began) / 1000);
      change.resolve();
      change = Promise.withResolvers();
    }
  };
  await Promise.all(sessions.map(lane));
  if (failures.length > 0) throw failures[0];
}

/** A statement that fails says where: they are long. */
async function run(session: Session, sql: string): Promise<void> {
  try {
    await session.query(sql);
  } catch (error) {
    const at = Number((error as { position?: string }).position ?? 1);
    throw new Error(`${(error as Error).message}, at: ${sql.slice(Math.max(0, at - 200), at + 200)}`, { cause: error });
  }
}
