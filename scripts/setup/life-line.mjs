// How a program that npm started learns that it is to end. The scripts of package.json begin with `exec`, so that npm's
// child is the program and not a shell: npm hands SIGINT and SIGTERM on to its child, and dash does not hand them on to
// its own. Of SIGHUP and SIGKILL npm tells nobody; its death shows as another parent.
// Also used before anything is installed, under any Node from 20: Node's own modules only.

const LOOK_EVERY_MS = 250;

/**
 * Calls `end` once when the npm that started this process is gone. A process that somebody started by hand outlives
 * its parent, as with nohup.
 * @param {() => void} end
 */
export function whenNpmIsGone(end) {
  if (!process.env.npm_lifecycle_event) return;
  const npm = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    end();
  }, LOOK_EVERY_MS);
  timer.unref();
}

/**
 * Calls `end` for each signal that asks this process to end, and with SIGTERM when its npm is gone.
 * @param {(signal: NodeJS.Signals) => void} end
 * @returns {() => void} stops handing signals on
 */
export function whenAskedToEnd(end) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, end);
  let over = false;
  whenNpmIsGone(() => over || end('SIGTERM'));
  return () => {
    over = true;
    for (const signal of signals) process.off(signal, end);
  };
}
