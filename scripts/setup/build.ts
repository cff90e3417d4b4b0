// npm run build: builds the console unless the build is that of the sources already. `--always` builds in any case.
// Also started by npm start and npm test; two at once take turns.
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildState, recordBuild, sourceHash } from './build-state.ts';
import { endWithCaller, run } from './child-program.ts';
import { waitForLock } from './lock.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
endWithCaller();
const lock = await waitForLock(path.join(root, '.landfall/build.lock'), {
  onWait: ({ pid }: { pid: number }) => console.log(`process ${pid} is building in this folder; waiting for it`),
});
try {
  const sources = sourceHash(root);
  const state = buildState(root, sources);
  if (state === 'fresh' && !process.argv.includes('--always')) {
    console.log('The console is built from these sources already.');
  } else {
    // Without the record a build that breaks off can never pass for a finished one.
    rmSync(path.join(root, '.next/landfall-build.json'), { force: true });
    const next = createRequire(import.meta.url).resolve('next/dist/bin/next');
    const env: NodeJS.ProcessEnv = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' };
    const { code } = await run(process.execPath, [next, 'build'], { cwd: root, env, timeoutMs: 1_200_000 });
    if (code === 0) recordBuild(root, sources);
    process.exitCode = code;
  }
} finally {
  lock.release();
}
