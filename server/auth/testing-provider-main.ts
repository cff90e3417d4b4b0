// The provider of testing-provider.ts as a program of its own, for stories: `node testing-provider-main.ts PORT CONSOLE`. It is told
// by messages of its parent what to do, and ends with it.
import { type Person, testProvider } from './testing-provider.ts';

type Order = { people: [string, Person][] } | { running: boolean };

const [port, site] = process.argv.slice(2);
const signIn = `${site}/api/auth/callback/oidc`;
const provider = await testProvider({ signIn, signOut: `${site}/sign-in` }, Number(port));

process.on('message', async (order: Order) => {
  if ('people' in order) {
    provider.people.clear();
    for (const [id, person] of order.people) provider.people.set(id, person);
  } else if (order.running) {
    await provider.start();
  } else {
    await provider.stop();
  }
  process.send?.('done');
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
