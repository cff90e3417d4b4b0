// npm run test:peers: our code against programs that nobody here wrote. Installs ours, then hands over to scripts/peers/peers.ts.
import { checkOwnNode, ensureInstalled, handOver, showAndExit } from '../setup/install.mjs';

try {
  checkOwnNode();
  await ensureInstalled((text) => console.log(text), { tools: true });
  handOver('scripts/peers/peers.ts', process.argv.slice(2));
} catch (error) {
  showAndExit(error);
}
