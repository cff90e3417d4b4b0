// npm test: every check on a fresh machine. Installs what is missing, then hands over to scripts/checks.ts.
import { checkOwnNode, ensureInstalled, handOver, showAndExit } from './install.mjs';

try {
  checkOwnNode();
  await ensureInstalled((text) => console.log(text), { tools: true });
  handOver('scripts/checks.ts', process.argv.slice(2));
} catch (error) {
  showAndExit(error);
}
