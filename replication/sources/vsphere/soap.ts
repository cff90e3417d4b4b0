// SOAP 1.1 as vim25 speaks it, over one pinned pool of connections: one call, one answer, one deadline.
// Knows no sessions and no meanings.

import { type Dispatcher, request } from 'undici';
import { foreignText } from '../../model/foreign-text.ts';
import { envelope, type ManagedObject, type Markup } from './xml/markup.ts';
import { AnswerError, child, parseXml, text, type XmlNode } from './xml/xml-node.ts';

/** A fault of vim25: from a SOAP answer, a task or a lease. */
export class VimFault extends Error {
  override readonly name = 'VimFault';
  /** Type without namespace and suffix: `NotAuthenticated`, `NoPermission`. */
  readonly type: string;
  /** The fault's own fields (`privilegeId`, `object`…), or null. */
  readonly details: XmlNode | null;

  constructor(type: string, message: string, details: XmlNode | null = null) {
    super(message || type);
    this.type = type;
    this.details = details;
  }
}

/** An answer that is no SOAP: a proxy's page, a 503 of a vCenter that is starting. */
export class VimHttpError extends Error {
  override readonly name = 'VimHttpError';
  readonly status: number;

  constructor(status: number, body: string) {
    super(`HTTP ${status}: ${foreignText(body.slice(0, 10_000).replace(/\s+/g, ' '), 300)}`);
    this.status = status;
  }
}

export class VimTimeout extends Error {
  override readonly name = 'VimTimeout';
  readonly code = 'ETIMEDOUT';
}

export interface CallOptions {
  signal: AbortSignal;
  /** From the call to the last byte of the answer; default 60 s. */
  timeoutMs?: number;
}

const DEFAULT_CALL_TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const HIGHEST_VERSION = [8, 0] as const;

export class SoapClient {
  readonly #url: string;
  readonly #dispatcher: Dispatcher;
  #action = 'urn:vim25/6.5';
  /** The session's cookie as `name=value`, sent with each call. */
  cookie: string | null = null;

  /** @param url the address of the SDK, `https://vcenter.example/sdk` */
  constructor(url: string, dispatcher: Dispatcher) {
    this.#url = url;
    this.#dispatcher = dispatcher;
  }

  /** Speaks the version of vCenter, but none newer than the one that this client was written for. */
  speakVersion(apiVersion: string): void {
    const [major = 6, minor = 5] = apiVersion.split('.').map(Number);
    const newer = major > HIGHEST_VERSION[0] || (major === HIGHEST_VERSION[0] && minor > HIGHEST_VERSION[1]);
    this.#action = `urn:vim25/${newer ? HIGHEST_VERSION.join('.') : `${major}.${minor}`}`;
  }

  /**
   * Calls a method and gives its `…Response` element.
   * @throws VimFault, VimHttpError, VimTimeout, XmlError, AnswerError, errors of undici, or the signal's reason
   */
  async call(
    target: ManagedObject,
    method: string,
    parameters: readonly Markup[],
    options: CallOptions,
  ): Promise<XmlNode> {
    const body = envelope(method, target, parameters);
    const timeoutMs = options.timeoutMs ?? DEFAULT_CALL_TIMEOUT_MS;
    const { status, answer, cookies } = await withDeadline(options.signal, timeoutMs, method, async (signal) => {
      const response = await request(this.#url, {
        method: 'POST',
        dispatcher: this.#dispatcher,
        signal,
        headersTimeout: 0,
        bodyTimeout: 0,
        headers: {
          'content-type': 'text/xml; charset=utf-8',
          soapaction: this.#action,
          ...(this.cookie ? { cookie: this.cookie } : {}),
        },
        body,
      });
      return {
        status: response.statusCode,
        answer: await readAll(response.body),
        cookies: response.headers['set-cookie'],
      };
    });
    this.#keepCookie(cookies);
    return readAnswer(status, answer, method);
  }

  #keepCookie(header: string | string[] | undefined): void {
    for (const line of [header ?? []].flat()) {
      const pair = line.split(';')[0]?.trim();
      if (pair?.startsWith('vmware_soap_session=')) this.cookie = pair;
    }
  }
}

/** Runs `work` under the signal and a deadline; a deadline ends in VimTimeout, an abort in the signal's reason. */
export async function withDeadline<T>(
  signal: AbortSignal,
  timeoutMs: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => stop.abort(new VimTimeout(`no answer to ${what} within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await work(stop.signal);
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * For calls that make something: an abort lets the call end within the grace, since nobody could release what was made
 * under a name that never arrived. Call `done` when the call is over.
 */
export function withGrace(signal: AbortSignal, graceMs: number): { signal: AbortSignal; done: () => void } {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimeout(() => late.abort(signal.reason), graceMs);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  const done = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };
  return { signal: late.signal, done };
}

/** The fault inside a `LocalizedMethodFault`, as tasks and leases carry it. */
export function localizedFault(node: XmlNode): VimFault {
  const fault = child(node, 'fault');
  return new VimFault(fault?.type ?? 'MethodFault', text(node, 'localizedMessage') ?? '', fault ?? null);
}

async function readAll(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new AnswerError(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readAnswer(status: number, answer: string, method: string): XmlNode {
  let body: XmlNode | undefined;
  try {
    body = child(parseXml(answer), 'Body');
  } catch (error) {
    if (status !== 200) throw new VimHttpError(status, answer);
    throw error;
  }
  const fault = child(body, 'Fault');
  if (fault) throw soapFault(fault);
  if (status !== 200) throw new VimHttpError(status, answer);
  const response = child(body, `${method}Response`);
  if (!response) throw new AnswerError(`the answer to ${method} has no ${method}Response`);
  return response;
}

function soapFault(fault: XmlNode): VimFault {
  const detail = child(fault, 'detail')?.children[0];
  const type = detail?.type ?? detail?.name.replace(/Fault$/, '') ?? text(fault, 'faultcode') ?? 'SoapFault';
  return new VimFault(type, text(fault, 'faultstring') ?? '', detail ?? null);
}
