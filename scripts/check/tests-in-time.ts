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

type TestState = 'pending' | 'passed' | 'failed' | 'skipped';

/** How long files that are cut off have to end what they started. */
const GRACE_MS = 4000;

/**
 * What is counted. Once the time is over, only what passes is: a test that is cut off fails in a way of its own, which says
 * nothing. A file that passes as a whole all the same, a moment late, came to its end.
 */
export class Counts {
  passed = 0;
  failed = 0;
  skipped = 0;
  /** Of each file that came to its end. */
  readonly seconds: Record<string, number> = {};
  isOver = false;

  test(state: TestState): void {
    if (state !== 'pending' && (!this.isOver || state === 'passed')) this[state] += 1;
  }

  /** @param errors those of the file itself, outside of its tests */
  file(name: string, states: readonly TestState[], errors: number, seconds: number): void {
    const isWhole = states.length > 0 && states.every((state) => state === 'passed') && errors === 0;
    if (this.isOver && !isWhole) return;
    this.seconds[name] = seconds;
    if (errors > 0) this.failed += 1;
  }
}

/**
 * @param files paths from the root, in the order in which they begin
 * @param endsAt milliseconds since 1970
 */
export async function runTestsInTime(root: string, files: readonly string[], endsAt: number): Promise<TestsInTime> {
  const nameOf = (moduleId: string) => path.relative(root, moduleId).replaceAll(path.sep, '/');
  const counts = new Counts();
  const counting: Reporter = {
    onTestCaseResult: (test) => counts.test(test.result().state),
    onTestModuleEnd(module) {
      const states = [...module.children.allTests()].map((test) => test.result().state);
      counts.file(nameOf(module.moduleId), states, module.errors().length, module.diagnostic().duration / 1000);
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
        counts.isOver = true;
        void vitest.cancelCurrentRun('keyboard-input');
      },
      Math.max(0, endsAt - Date.now()),
    );
    const late = new Promise<void>((resolve) => {
      setTimeout(resolve, Math.max(0, endsAt - Date.now()) + GRACE_MS).unref();
    });
    await Promise.race([vitest.runTestSpecifications(chosen), late]);
    clearTimeout(timer);
    const { passed, failed, skipped, seconds } = counts;
    return { passed, failed, skipped, seconds, unfinished: files.filter((file) => !(file in seconds)) };
  } finally {
    await Promise.race([vitest.close(), new Promise((resolve) => setTimeout(resolve, GRACE_MS).unref())]);
  }
}
