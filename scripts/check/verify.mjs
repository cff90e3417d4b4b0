// npm run verify: what can be known of a change in under a minute. Installs what is missing, then hands over to scripts/check/verify.ts.
import { checkOwnNode, ensureInstalled, handOver, showAndExit } from '../setup/install.mjs';

try {
  checkOwnNode();
  await ensureInstalled((text) => console.log(text), { tools: true });
  handOver('scripts/check/verify.ts', process.argv.slice(2));
} catch (error) {
  showAndExit(error);
}
