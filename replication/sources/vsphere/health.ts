// Whether this connector can work with its vCenter: every check by its id, side by side, in ten seconds at most.
// For sources/vsphere only.
import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { type Fault, FaultError, faultError } from '../../model/fault.ts';
import type { HealthCheck } from '../source.ts';
import { normalizeFingerprint, probeFingerprint } from './certificate.ts';
import { asFaultError } from './faults.ts';
import { Places } from './places.ts';
import { checkPrivileges, PRIVILEGES, type PrivilegeState } from './privileges.ts';
import type { VimSession } from './session.ts';
import { VimTimeout, withDeadline } from './soap.ts';

const CHECK_TIMEOUT_MS = 4_000;
const MAX_CLOCK_DIFFERENCE_MS = 5 * 60_000;
const HOSTS_AT_ONCE = 16;
const HOST_PORT = 443;

/** What the checks reach out with; tests put their own in. */
export interface Reach {
  resolve(host: string): Promise<unknown>;
  /** Opens a TCP connection and closes it. */
  connect(host: string, port: number, signal: AbortSignal): Promise<void>;
  now(): number;
}

/** All checks, also when the first fails: those that depend on it say that they were not made. */
export async function checkHealth(
  session: VimSession,
  signal: AbortSignal,
  reach: Reach = NETWORK,
): Promise<HealthCheck[]> {
  const { hostname, port } = session.url;
  const [certificate, name, login] = await Promise.all([
    check('certificate', 'Certificate of vCenter', signal, (stop) => checkCertificate(session, stop)),
    check(`dns:${hostname}`, `Name of vCenter (${hostname})`, signal, () => resolves(hostname, reach)),
    check('vm-manager-login', 'vCenter login', signal, async (stop) => {
      const { about } = await session.content(stop);
      await session.currentTime({ signal: stop });
      return `Logged in at ${about.fullName || about.name}.`;
    }),
  ]);
  const vcenter = [login, certificate, name];
  if (!login.ok) return [...vcenter, ...notChecked('vCenter does not let the connector in')];
  const [clock, [privileges, hosts]] = await Promise.all([
    check('clock', 'Clock', signal, (stop) => checkClock(session, reach, stop)),
    inventoryChecks(session, signal, reach),
  ]);
  const tcp = await check(`tcp:${hostname}:${port || HOST_PORT}`, 'Connection to vCenter', signal, async (stop) => {
    await reach.connect(hostname, Number(port || HOST_PORT), stop);
    return 'Open.';
  });
  return [...vcenter, tcp, clock, ...privileges, ...hosts];
}

/** Ids of the privileges a run needs, each a check of its own. */
function notChecked(why: string): HealthCheck[] {
  const detail = `Not checked: ${why}.`;
  const failing = (id: string, label: string): HealthCheck => ({ id, label, ok: false, detail, level: 'required' });
  return [
    failing('clock', 'Clock'),
    ...PRIVILEGES.copy.map(({ id }) => failing(`privilege:${id}`, `Privilege ${id}`)),
    failing('dns:esxi-hosts', 'Names of the ESXi hosts'),
  ];
}

async function inventoryChecks(
  session: VimSession,
  signal: AbortSignal,
  reach: Reach,
): Promise<[HealthCheck[], HealthCheck[]]> {
  const places = new Places();
  const inventory = await check('inventory', 'Inventory of vCenter', signal, async (stop) => {
    await places.learnAll(session, stop);
    return 'Readable.';
  });
  if (!inventory.ok) return [[inventory], notChecked('the inventory of vCenter could not be read').slice(1)];
  return Promise.all([
    privilegeChecks(session, places, signal),
    hostChecks(places.hosts(), session.url, reach, signal),
  ]);
}

async function privilegeChecks(session: VimSession, places: Places, signal: AbortSignal): Promise<HealthCheck[]> {
  let states: PrivilegeState[] = [];
  const asked = await check('privileges', 'Privileges of the account', signal, async (stop) => {
    states = await checkPrivileges(session, ['copy'], places, stop);
    return 'Checked.';
  });
  if (!asked.ok) return [asked];
  return states.map(({ id, purpose, missingOn }) => ({
    id: `privilege:${id}`,
    label: `Privilege ${id}`,
    ok: missingOn.length === 0,
    level: 'required',
    detail:
      missingOn.length === 0
        ? `Granted; needed ${purpose}.`
        : `Missing on ${missingOn.join(', ')}; needed ${purpose}. Add ${id} to the role of the account, with propagation.`,
  }));
}

async function hostChecks(
  hosts: readonly string[],
  center: URL,
  reach: Reach,
  signal: AbortSignal,
): Promise<HealthCheck[]> {
  const results: HealthCheck[] = [];
  const waiting = [...new Set(hosts)].sort();
  // Behind a forwarded port of vCenter nobody knows the ports of its hosts; an export names them.
  const knowsPort = center.port === '';
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(CHECK_TIMEOUT_MS)]);
  const work = async () => {
    for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
      const name = host;
      // A host may be the vCenter, which was looked at already.
      if (name === center.hostname) continue;
      results.push(await check(`dns:${name}`, `Name of ESXi host ${name}`, deadline, () => resolves(name, reach)));
      if (!knowsPort) continue;
      const open = await check(
        `tcp:${name}:${HOST_PORT}`,
        `Connection to ESXi host ${name}`,
        deadline,
        async (stop) => {
          await reach.connect(name, HOST_PORT, stop);
          return 'Open.';
        },
      );
      // Only advice: the way of an export is known for certain when it names its urls.
      results.push({ ...open, level: 'advice' });
    }
  };
  await Promise.all(Array.from({ length: HOSTS_AT_ONCE }, work));
  signal.throwIfAborted();
  return results.sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function check(
  id: string,
  label: string,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<string>,
): Promise<HealthCheck> {
  try {
    const detail = await withDeadline(signal, CHECK_TIMEOUT_MS, label, (stop) => unlessAborted(run(stop), stop));
    return { id, label, ok: true, detail, level: 'required' };
  } catch (error) {
    return { id, label, ok: false, detail: describe(error), level: 'required' };
  }
}

/** Ends with the signal even when the work itself cannot be stopped (dns.lookup). */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function describe(error: unknown): string {
  if (error instanceof VimTimeout || (error instanceof Error && error.name === 'TimeoutError')) {
    return 'No answer in time. Check the network and the firewalls between the connector and this address.';
  }
  const fault: Fault = error instanceof FaultError ? error.fault : asFaultError(error, { during: 'read' }).fault;
  return `${fault.message} ${fault.remedy}`;
}

async function checkCertificate(session: VimSession, signal: AbortSignal): Promise<string> {
  const seen = await probeFingerprint(session.url.href, signal);
  if (seen === normalizeFingerprint(session.fingerprint)) return `Trusted: ${seen}.`;
  throw faultError('vcenter-certificate-changed', {
    message: `vCenter shows the certificate ${seen}; trusted is ${session.fingerprint}.`,
  });
}

async function checkClock(session: VimSession, reach: Reach, signal: AbortSignal): Promise<string> {
  const before = reach.now();
  const theirs = await session.currentTime({ signal });
  const ours = (before + reach.now()) / 2;
  const seconds = Math.round((theirs - ours) / 1000);
  if (Math.abs(theirs - ours) <= MAX_CLOCK_DIFFERENCE_MS) return `${Math.abs(seconds)} s apart from vCenter.`;
  throw faultError('internal', {
    message: `vCenter's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the connector's.`,
    remedy: 'Let both use the same time server; AWS refuses requests from a clock that is off, too.',
  });
}

async function resolves(host: string, reach: Reach): Promise<string> {
  const address = host.replace(/^\[|\]$/g, '');
  if (isIP(address)) return 'An address; no name to resolve.';
  try {
    await reach.resolve(address);
    return 'Resolves.';
  } catch (error) {
    throw faultError(
      'esxi-unreachable',
      {
        message: `The name ${address} does not resolve on the connector.`,
        remedy: 'Let the DNS that the connector uses know this name.',
      },
      error,
    );
  }
}

const NETWORK: Reach = {
  resolve: (host) => lookup(host),
  now: Date.now,
  async connect(host, port, signal) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port });
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => resolve()).once('error', reject);
    try {
      await promise;
    } catch (error) {
      if (signal.aborted) throw error;
      throw faultError(
        'esxi-unreachable',
        {
          message: `${host} does not accept connections on port ${port}.`,
          remedy: `Open port ${port} from the connector to ${host}.`,
        },
        error,
      );
    } finally {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
    }
  },
};
