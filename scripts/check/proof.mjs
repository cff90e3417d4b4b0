// A proof that is too long for npm test, by its name. Installs what is missing, then hands over to scripts/check/proof.ts.
import { checkOwnNode, ensureInstalled, handOver, showAndExit } from '../setup/install.mjs';

try {
  checkOwnNode();
  await ensureInstalled((text) => console.log(text), { tools: true });
  handOver('scripts/check/proof.ts', process.argv.slice(2));
} catch (error) {
  showAndExit(error);
}
