// Where an NBD export is: its address, its name, and whether TLS is demanded. Read from an NBD URI.
// Part of replication/disks/nbd.
import type { Duplex } from 'node:stream';
import { faultError } from '../../model/fault.ts';
import { LONGEST_STRING } from './protocol.ts';

/** A stream is one that somebody else opened, through SSH for example; `label` names it in messages. */
export type NbdAddress = { host: string; port: number } | { socketPath: string } | { stream: Duplex; label: string };

export interface NbdEndpoint {
  address: NbdAddress;
  /** May be empty: the server's default export. */
  exportName: string;
  /** True: TLS or nothing. False: never TLS. */
  tls: boolean;
  /** The name that the server's certificate must be made out for; default the host of the address. */
  serverName?: string;
}

const DEFAULT_PORT = 10809;
const PARTS = /^(nbds?)(\+unix)?:(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?$/i;
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^:@[\]]+)(?::(\d{1,5}))?$/i;

/**
 * Reads `nbd://host:port/export`, `nbds://…` (TLS) and `nbd+unix:///export?socket=/path`, `nbds+unix:…`. Of the other
 * parameters only `tls-hostname` and `tls-type=x509` are known; certificates come as options, not in the URI.
 * Source: doc/uri.md of the NetworkBlockDevice project.
 * @throws FaultError `input-invalid`, also for a parameter that is not known
 */
export function parseNbdUri(uri: string): NbdEndpoint {
  const [, scheme, unix, authority = '', path = '', query = ''] = PARTS.exec(uri) ?? refuse('it is not an NBD URI');
  const tls = scheme!.toLowerCase() === 'nbds';
  const parameters = readQuery(query);
  const serverName = parameters.get('tls-hostname');
  if (serverName !== undefined && !tls) refuse('tls-hostname is for nbds:// only');
  const type = parameters.get('tls-type');
  if (type !== undefined && type !== 'x509') refuse(`tls-type=${type} is not supported, only x509 is`);
  const endpoint: NbdEndpoint = {
    address: unix ? unixAddress(authority, parameters) : tcpAddress(authority, parameters),
    exportName: decode(path.replace(/^\//, '')),
    tls,
    ...(serverName ? { serverName } : {}),
  };
  checkName(endpoint.exportName);
  return endpoint;
}

/** The address in words, for messages. */
export function spellAddress(address: NbdAddress): string {
  if ('host' in address) return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
  return 'socketPath' in address ? address.socketPath : address.label;
}

/** Refuses the names of exports and contexts that the protocol cannot carry. @throws FaultError `input-invalid` */
export function checkName(name: string): void {
  if (Buffer.byteLength(name) > LONGEST_STRING) refuse(`a name is longer than ${LONGEST_STRING} bytes`);
  if (name.includes('\0')) refuse('a name has a NUL in it');
}

function tcpAddress(authority: string, parameters: Map<string, string>): NbdAddress {
  if (parameters.has('socket')) refuse('a socket belongs to nbd+unix://');
  const [, host, port] = AUTHORITY.exec(authority) ?? refuse('it names no host, or a user');
  const number = port === undefined ? DEFAULT_PORT : Number(port);
  if (number < 1 || number > 65_535) refuse(`there is no port ${port}`);
  return { host: decode(host!.replace(/^\[|\]$/g, '')), port: number };
}

function unixAddress(authority: string, parameters: Map<string, string>): NbdAddress {
  const socketPath = parameters.get('socket');
  if (authority) refuse('nbd+unix:// has no host');
  return { socketPath: socketPath || refuse('it names no socket') };
}

function readQuery(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of query.split('&').filter(Boolean)) {
    const [name = '', ...value] = pair.split('=');
    const known = ['socket', 'tls-hostname', 'tls-type'].includes(name);
    if (!known || parameters.has(name)) refuse(`the parameter ${name} is ${known ? 'there twice' : 'not supported'}`);
    parameters.set(name, decode(value.join('=')));
  }
  return parameters;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse('its percent signs are no encoding');
  }
}

function refuse(why: string): never {
  throw faultError('input-invalid', { message: `This cannot be used as the address of an NBD export: ${why}.` });
}
