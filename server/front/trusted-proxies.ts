// Which proxies may say where a request came from. What anybody else says of it counts for nothing: a client can write it too.
import ipaddr from 'ipaddr.js';

type Range = ReturnType<typeof ipaddr.parseCIDR>;

/** What a request says of its way; each list as its header holds it, the nearest proxy's word last. */
export interface Forwarded {
  for: string | undefined;
  proto: string | undefined;
  host: string | undefined;
}

/** What is believed of it. */
export interface Origin {
  address: string;
  protocol: 'http' | 'https';
  /** As a client would name it; undefined where nobody who is believed says another than the request's own. */
  host: string | undefined;
}

/** Thrown for a list that cannot be read; the message goes behind the variable's name. */
class TrustedProxiesError extends Error {}

export class TrustedProxies {
  readonly #ranges: Range[];

  /**
   * @param list addresses and CIDR ranges with commas between them; empty: nobody is believed
   * @throws TrustedProxiesError
   */
  constructor(list = '') {
    this.#ranges = list
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(readRange);
  }

  trusts(address: string): boolean {
    const read = readAddress(address);
    return read !== undefined && this.#ranges.some((range) => read.kind() === range[0].kind() && read.match(range));
  }

  /**
   * Follows the way back from the socket for as long as those named vouch for the one before.
   * @param peer who holds the other end of the socket
   * @param secure whether the socket itself speaks TLS
   */
  originOf(peer: string, secure: boolean, forwarded: Forwarded): Origin {
    let address = plain(peer);
    let hops = 0;
    const before = listed(forwarded.for);
    while (this.trusts(address)) {
      hops += 1;
      const said = withoutPort(before.pop() ?? '');
      if (!readAddress(said)) break;
      address = plain(said);
    }
    const protocol = vouched(forwarded.proto, hops)?.toLowerCase();
    const host = vouched(forwarded.host, hops);
    return {
      address,
      protocol: protocol === 'https' || protocol === 'http' ? protocol : secure ? 'https' : 'http',
      host: host && HOST.test(host) ? host : undefined,
    };
  }
}

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?)(:\d{1,5})?$/i;

/** Whether a text can be a Host header: a name or an address, and perhaps a port. */
export const isHost = (text: string): boolean => HOST.test(text);

const listed = (header: string | undefined): string[] =>
  (header ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** Each proxy may have added its word at the end, or put it in the place of what was there: the outermost one's counts. */
function vouched(header: string | undefined, hops: number): string | undefined {
  const said = listed(header);
  return hops > 0 ? said[Math.max(0, said.length - hops)] : undefined;
}

function readAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  return ipaddr.isValid(text) && !/^\d+$/.test(text) ? ipaddr.process(text) : undefined;
}

/** One spelling for each address: `::ffff:10.0.0.1` is 10.0.0.1. */
const plain = (text: string): string => readAddress(text)?.toString() ?? text;

/** Some proxies add the client's port. */
function withoutPort(text: string): string {
  return /^\[([^\]]+)\](:\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
}

function readRange(text: string): Range {
  const [address = '', bits] = text.split('/');
  const read =
    ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address) ? ipaddr.process(address) : undefined;
  const most = read?.kind() === 'ipv4' ? 32 : 128;
  const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  if (!read || length < 0 || length > most) {
    throw new TrustedProxiesError(`must list addresses or ranges such as 127.0.0.1, 10.0.0.0/8; ${text} is none`);
  }
  if (length === 0) {
    throw new TrustedProxiesError(`must name your proxies; ${text} is everybody, who could then claim any address`);
  }
  return [read, length];
}
