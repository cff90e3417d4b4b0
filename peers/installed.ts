// Which peers this run has. Their paths come from scripts/peers/peers.ts, which installs them.
import { describe } from 'vitest';

export type PeerName =
  | 'vcsim'
  | 'govc'
  | 'moto'
  | 'aws'
  | 'python'
  | 'qemu-img'
  | 'qemu-io'
  | 'qemu-nbd'
  | 'qemu-system'
  | 'nbdkit'
  | 'nbdinfo'
  | 'pg-dump'
  | 'pg-restore'
  | 'psql'
  | 'nginx'
  | 'caddy'
  | 'tiny-guest';

/** The path of a peer's program (`moto` is moto_server, `python` has boto3 and pyvmomi, `tiny-guest` is a disk image). Throws where it is not installed. */
export function peer(name: PeerName): string {
  const found = process.env[`LANDFALL_PEER_${name.toUpperCase().replaceAll('-', '_')}`];
  if (!found) throw new Error(`${name} is not installed: start the peers with npm run test:peers`);
  return found;
}

/** A suite that needs these peers; skipped, with the reason in its name, where one of them cannot be installed. */
export function describeWith(names: PeerName[], title: string, suite: () => void): void {
  const missing: Record<string, string> = JSON.parse(process.env.LANDFALL_PEERS_MISSING ?? '{}');
  const absent = names.filter((name) => name in missing);
  if (absent.length === 0) describe(title, suite);
  else describe.skip(`${title} (${absent.map((name) => `${name}: ${missing[name]}`).join('; ')})`, suite);
}
