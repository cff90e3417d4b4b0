// Whether this connector can work with its vCenter: every check by its id, side by side, in ten seconds at most.
import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { FaultError, faultError } from '../../model/fault.ts';
import type { HealthCheck } from '../source.ts';
import { bareHost, probeFingerprint } from './certificate.ts';
import { asFaultError } from './faults.ts';
import { Places } from './places.ts';
import { checkPrivileges, PRIVILEGES, type PrivilegeState } from './privileges.ts';
import type { VimSession } from './session.ts';
import { VimTimeout, withDeadline } from './soap.ts';

const MAX_CLOCK_DIFFERENCE_MS = 5 * 60_000;
const HOSTS_AT_ONCE = 16;
const HTTPS_PORT = 443;

/** What the checks reach out with, and for how long; tests put their own in. */
export interface Reach {
  resolve(host: string): Promise<unknown>;
  /** Opens a TCP connection and closes it. */
  connect(host: string, port: number, signal: AbortSignal): Promise<void>;
  now(): number;
  /** For each check, and for all of them together. */
  checkMs: number;
  wholeMs: number;
}

/** All checks, also when the first fails: those that depend on it say that they were not made. */
export async function checkHealth(
  session: VimSession,
  signal: AbortSignal,
  reach: Reach = NETWORK,
): Promise<HealthCheck[]> {
  const whole = AbortSignal.any([signal, AbortSignal.timeout(reach.wholeMs)]);
  const checks = await new HealthChecks(session, reach, whole).all();
  signal.throwIfAborted();
  return checks;
}

class HealthChecks {
  readonly #session: VimSession;
  readonly #reach: Reach;
  readonly #signal: AbortSignal;

  constructor(session: VimSession, reach: Reach, signal: AbortSignal) {
    this.#session = session;
    this.#reach = reach;
    this.#signal = signal;
  }

  async all(): Promise<HealthCheck[]> {
    const { hostname } = this.#session.url;
    const port = Number(this.#session.url.port || HTTPS_PORT);
    const [login, ...network] = await Promise.all([
      this.#check('vm-manager-login', 'vCenter login', async (signal) => {
        const { about } = await this.#session.content(signal);
        await this.#session.currentTime({ signal });
        return `Logged in at ${about.fullName || about.name}.`;
      }),
      this.#check('certificate', 'Certificate of vCenter', (signal) => this.#certificate(signal)),
      this.#check(`dns:${hostname}`, `Name of vCenter (${hostname})`, () => this.#resolves(hostname)),
      this.#check(`tcp:${hostname}:${port}`, 'Connection to vCenter', (signal) =>
        this.#connects(hostname, port, signal),
      ),
    ]);
    if (!login.ok) return [login, ...network, ...notChecked(LATER, 'vCenter does not let the connector in')];
    const rest = await Promise.all([
      this.#check('clock', 'Clock', (signal) => this.#clock(signal)).then((one) => [one]),
      this.#insideInventory(),
    ]);
    return [login, ...network, ...rest.flat()];
  }

  async #insideInventory(): Promise<HealthCheck[]> {
    const places = new Places();
    const inventory = await this.#check('inventory', 'Inventory of vCenter', async (signal) => {
      await places.learnAll(this.#session, signal);
      return 'Readable.';
    });
    const later = LATER.filter(({ id }) => id !== 'clock');
    if (!inventory.ok) return [inventory, ...notChecked(later, 'the inventory of vCenter cannot be read')];
    return (await Promise.all([this.#privileges(places), this.#hosts(places.hosts())])).flat();
  }

  async #privileges(places: Places): Promise<HealthCheck[]> {
    let states: PrivilegeState[] = [];
    const asked = await this.#check('privileges', 'Privileges of the account', async (signal) => {
      const purposes = ['copy', 'changes', 'folder', 'exports', 'cutover'] as const;
      states = await checkPrivileges(this.#session, purposes, places, signal);
      return 'Known.';
    });
    if (!asked.ok) return [asked];
    const required = new Set<string>(PRIVILEGES.copy.map(({ id }) => id));
    return states.map(({ id, purpose, without, missingOn }) => ({
      id: `privilege:${id}`,
      label: `Privilege ${id}`,
      ok: missingOn.length === 0,
      // Without the others every run is a full copy, or reads every byte, or a person switches servers; all is right then.
      level: required.has(id) ? 'required' : 'advice',
      detail:
        missingOn.length === 0
          ? `Granted; needed ${purpose}.`
          : `Missing on ${missingOn.join(', ')}; needed ${purpose}. ${without ? `${without} ` : ''}Add ${id} to the role of the account, with propagation.`,
    }));
  }

  async #hosts(names: readonly string[]): Promise<HealthCheck[]> {
    const results: HealthCheck[] = [];
    // A host may go by vCenter's own address, which is looked at already.
    const waiting = [...new Set(names)].filter((name) => name !== this.#session.url.hostname).sort();
    // Behind a forwarded port of vCenter nobody knows the ports of its hosts; an export names them.
    const knowsPort = this.#session.url.port === '';
    const work = async () => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        const host = name;
        results.push(await this.#check(`dns:${host}`, `Name of ESXi host ${host}`, () => this.#resolves(host)));
        if (!knowsPort) continue;
        const open = await this.#check(`tcp:${host}:${HTTPS_PORT}`, `Connection to ESXi host ${host}`, (signal) =>
          this.#connects(host, HTTPS_PORT, signal),
        );
        // Only advice: the way of an export is known for certain when it names its urls.
        results.push({ ...open, level: 'advice' });
      }
    };
    await Promise.all(Array.from({ length: HOSTS_AT_ONCE }, work));
    return results.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async #certificate(signal: AbortSignal): Promise<string> {
    const seen = await probeFingerprint(this.#session.url.href, signal);
    if (seen === this.#session.fingerprint) return `Trusted: ${seen}.`;
    throw faultError('vcenter-certificate-changed', {
      message: `vCenter shows the certificate ${seen}; trusted is ${this.#session.fingerprint}.`,
    });
  }

  async #clock(signal: AbortSignal): Promise<string> {
    const before = this.#reach.now();
    const theirs = await this.#session.currentTime({ signal });
    const difference = theirs - (before + this.#reach.now()) / 2;
    const seconds = Math.round(Math.abs(difference) / 1000);
    if (Math.abs(difference) <= MAX_CLOCK_DIFFERENCE_MS) return `${seconds} s apart from vCenter.`;
    throw new Advice(
      `vCenter's clock is ${seconds} s ${difference > 0 ? 'ahead of' : 'behind'} the connector's. ` +
        'Let both use the same time server; AWS refuses requests from a clock that is off, too.',
    );
  }

  async #resolves(host: string): Promise<string> {
    if (isIP(bareHost(host))) return 'An address; no name to resolve.';
    await this.#reach.resolve(host).catch((error) => {
      const advice = 'Let the DNS that the connector uses know this name.';
      throw new Advice(`${host} does not resolve on the connector. ${advice}`, { cause: error });
    });
    return 'Resolves.';
  }

  async #connects(host: string, port: number, signal: AbortSignal): Promise<string> {
    await this.#reach.connect(host, port, signal).catch((error) => {
      signal.throwIfAborted();
      const advice = `Open port ${port} from the connector to ${host}.`;
      throw new Advice(`${host} does not accept connections on port ${port}. ${advice}`, { cause: error });
    });
    return 'Open.';
  }

  async #check(id: string, label: string, run: (signal: AbortSignal) => Promise<string>): Promise<HealthCheck> {
    try {
      const timed = (stop: AbortSignal) => unlessAborted(run(stop), stop);
      const detail = await withDeadline(this.#signal, this.#reach.checkMs, label, timed);
      return { id, label, ok: true, detail, level: 'required' };
    } catch (error) {
      return { id, label, ok: false, detail: inWords(error), level: 'required' };
    }
  }
}

/** The words of a failing check. */
class Advice extends Error {}

/** The checks that need a session, for when there is none. */
const LATER = [
  { id: 'clock', label: 'Clock' },
  ...PRIVILEGES.copy.map(({ id }) => ({ id: `privilege:${id}`, label: `Privilege ${id}` })),
  { id: 'dns:esxi-hosts', label: 'Names of the ESXi hosts' },
];

function notChecked(checks: readonly { id: string; label: string }[], why: string): HealthCheck[] {
  return checks.map((one) => ({ ...one, ok: false, detail: `Not checked: ${why}.`, level: 'required' }));
}

function inWords(error: unknown): string {
  if (error instanceof Advice) return error.message;
  if (error instanceof VimTimeout || (error instanceof Error && error.name === 'TimeoutError')) {
    return 'No answer in time. Check the network and the firewalls between the connector and this address.';
  }
  const { fault } = error instanceof FaultError ? error : asFaultError(error, { during: 'read' });
  return `${fault.message} ${fault.remedy}`;
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

const NETWORK: Reach = {
  checkMs: 4_000,
  wholeMs: 9_500,
  now: Date.now,
  resolve: (host) => lookup(host),
  async connect(host, port, signal) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connect({ host: bareHost(host), port });
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => resolve()).once('error', reject);
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
    }
  },
};
