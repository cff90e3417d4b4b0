// npm test: every check on a fresh machine. Installs what is missing, then hands over to scripts/check/checks.ts.
import { checkOwnNode, ensureInstalled, handOver, showAndExit } from '../setup/install.mjs';

try {
  checkOwnNode();
  await ensureInstalled((text) => console.log(text), { tools: true });
  handOver('scripts/check/checks.ts', process.argv.slice(2));
} catch (error) {
  showAndExit(error);
}
