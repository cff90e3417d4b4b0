// Runs test files with vitest until a moment comes: the first of the list first. What was not begun or not finished by then
// is told, not hidden.
import path from 'node:path';
import type { Reporter, TestSpecification } from 'vitest/node';
import { createVitest } from 'vitest/node';

export interface TestsInTime {
  passed: number;
  failed: number;
  skipped: number;
  /** Seconds of each file that came to its end. */
  seconds: Record<string, number>;
  unfinished: string[];
}

/** How long files that are cut off have to end what they started. */
const GRACE_MS = 4000;

/**
 * @param files paths from the root, in the order in which they begin
 * @param endsAt milliseconds since 1970
 */
export async function runTestsInTime(root: string, files: readonly string[], endsAt: number): Promise<TestsInTime> {
  const result: TestsInTime = { passed: 0, failed: 0, skipped: 0, seconds: {}, unfinished: [] };
  const nameOf = (moduleId: string) => path.relative(root, moduleId).replaceAll(path.sep, '/');
  let isOver = false;
  const counting: Reporter = {
    // What is cut off fails in ways of its own, which say nothing.
    onTestCaseResult(test) {
      const { state } = test.result();
      if (!isOver && state !== 'pending') result[state] += 1;
    },
    onTestModuleEnd(module) {
      if (isOver) return;
      result.seconds[nameOf(module.moduleId)] = module.diagnostic().duration / 1000;
      if (module.errors().length > 0) result.failed += 1;
    },
  };
  class InThisOrder {
    shard(specifications: TestSpecification[]) {
      return specifications;
    }
    sort(specifications: TestSpecification[]) {
      const turn = ({ moduleId }: TestSpecification) => files.indexOf(nameOf(moduleId));
      return [...specifications].sort((a, b) => turn(a) - turn(b));
    }
  }
  const vitest = await createVitest({
    root,
    watch: false,
    reporters: ['minimal', counting],
    sequence: { sequencer: InThisOrder },
  });
  try {
    await vitest.standalone();
    const all = await vitest.globTestSpecifications([...files]);
    const chosen = all.filter(({ moduleId }) => files.includes(nameOf(moduleId)));
    const timer = setTimeout(
      () => {
        isOver = true;
        void vitest.cancelCurrentRun('keyboard-input');
      },
      Math.max(0, endsAt - Date.now()),
    );
    const late = new Promise<void>((resolve) => {
      setTimeout(resolve, Math.max(0, endsAt - Date.now()) + GRACE_MS).unref();
    });
    await Promise.race([vitest.runTestSpecifications(chosen), late]);
    clearTimeout(timer);
    result.unfinished = files.filter((file) => !(file in result.seconds));
    return result;
  } finally {
    await Promise.race([vitest.close(), new Promise((resolve) => setTimeout(resolve, GRACE_MS).unref())]);
  }
}
