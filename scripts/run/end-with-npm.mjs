// Loaded with --import before a program that package.json starts, so that it ends with the npm that started it.
// Imported by no code; package.json names it.
import { whenNpmIsGone } from '../setup/life-line.mjs';

/** Milliseconds that the program has for a clean end once npm is gone. */
const GRACE_MS = 15_000;

whenNpmIsGone(() => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MS).unref();
});
