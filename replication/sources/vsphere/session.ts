// One session at one vCenter, shared by everything a source does: logs in when needed, keeps alive, logs out.
import { setTimeout as delay } from 'node:timers/promises';
import type { Agent } from 'undici';
import { outlast } from '../../disks/outlast.ts';
import { type FaultError, faultError } from '../../model/fault.ts';
import { normalizeFingerprint, pinnedAgent, vcenterUrl } from './certificate.ts';
import { asFaultError } from './faults.ts';
import { type CallOptions, SoapClient, VimFault, withGrace } from './soap.ts';
import { element, type ManagedObject, type Markup } from './xml/markup.ts';
import { AnswerError, child, moment, object, requiredText, text, type XmlNode } from './xml/xml-node.ts';

export interface SessionOptions {
  /** `https://vcenter.example`, with or without `/sdk`. */
  url: string;
  user: string;
  password: string;
  /** SHA-256 of the certificate that vCenter must show. */
  fingerprint: string;
  /** Between two signs of life on an idle session; vCenter ends it after 30 minutes. Default 600. */
  keepAliveSeconds?: number;
  /** After a refused login nobody tries again for so long, so that the account is not locked. Default 60. */
  refusedLoginPauseSeconds?: number;
}

/** The fixed objects of a vCenter, and who it is. */
export interface ServiceContent {
  rootFolder: ManagedObject;
  propertyCollector: ManagedObject;
  viewManager: ManagedObject;
  sessionManager: ManagedObject;
  authorizationManager: ManagedObject | null;
  ovfManager: ManagedObject | null;
  about: { name: string; fullName: string; version: string; apiVersion: string; instanceUuid: string };
}

export interface SessionCallOptions extends CallOptions {
  /** False for calls that make sense only in the session they were begun in; they fail with `vcenter-session-lost`. */
  retryInNewSession?: boolean;
}

const SERVICE_INSTANCE: ManagedObject = { type: 'ServiceInstance', value: 'ServiceInstance' };
const LOGIN_TIMEOUT_MS = 20_000;
const LOGOUT_TIMEOUT_MS = 3_000;
const CONNECTIONS = 6;
const MAKING_GRACE_MS = 10_000;

interface Login {
  content: ServiceContent;
  /** Key of the session, as AuthorizationManager wants it. */
  key: string;
  /** The account as vCenter names it. */
  account: string;
  number: number;
}

export class VimSession {
  readonly url: URL;
  readonly fingerprint: string;
  readonly #options: SessionOptions;
  readonly #agent: Agent;
  readonly #client: SoapClient;
  readonly #closing = new AbortController();
  readonly #keepAlive: NodeJS.Timeout;
  #login: Promise<Login> | null = null;
  #logins = 0;
  #lastCallAt = 0;
  #refused: { until: number; error: FaultError } | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.url = vcenterUrl(options.url);
    this.fingerprint = normalizeFingerprint(options.fingerprint);
    this.#agent = pinnedAgent({ kind: 'sha256', fingerprint: this.fingerprint }, { connections: CONNECTIONS });
    this.#client = new SoapClient(new URL('/sdk', this.url).href, this.#agent);
    const keepAliveMs = (options.keepAliveSeconds ?? 600) * 1000;
    this.#keepAlive = setInterval(() => void this.#touch(keepAliveMs), keepAliveMs);
    this.#keepAlive.unref();
  }

  /** The session's cookie for the hosts' NFC urls, `name=value`, or null. */
  get cookie(): string | null {
    return this.#client.cookie;
  }

  /** The fixed objects of vCenter; logs in first when needed. */
  async content(signal: AbortSignal): Promise<ServiceContent> {
    return (await this.#whenItAnswers(() => this.#loggedIn(signal), signal)).content;
  }

  /** Key of the session in use. */
  async key(signal: AbortSignal): Promise<string> {
    return (await this.#whenItAnswers(() => this.#loggedIn(signal), signal)).key;
  }

  /**
   * Calls a method in the session. A session that vCenter has ended is renewed once, for all callers together. Work that has
   * patience (disks/outlast.ts) waits here for a vCenter that is away, except in a session that it cannot leave.
   * @throws VimFault and what SoapClient throws; FaultError when the login is refused or the session stays lost
   */
  async call(
    target: ManagedObject,
    method: string,
    parameters: readonly Markup[],
    options: SessionCallOptions,
  ): Promise<XmlNode> {
    const once = () => this.#callOnce(target, method, parameters, options);
    return options.retryInNewSession === false ? once() : this.#whenItAnswers(once, options.signal);
  }

  #whenItAnswers<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return outlast(attempt, signal, { faultOf: (error) => asFaultError(error, { during: 'read', signal }).fault });
  }

  async #callOnce(
    target: ManagedObject,
    method: string,
    parameters: readonly Markup[],
    options: SessionCallOptions,
  ): Promise<XmlNode> {
    const login = await this.#loggedIn(options.signal);
    try {
      return await this.#send(target, method, parameters, options);
    } catch (error) {
      if (!isSessionLost(error)) throw error;
      this.#forget(login.number);
      if (options.retryInNewSession === false) throw faultError('vcenter-session-lost', {}, error);
    }
    await this.#loggedIn(options.signal);
    try {
      return await this.#send(target, method, parameters, options);
    } catch (error) {
      throw isSessionLost(error) ? faultError('vcenter-session-lost', {}, error) : error;
    }
  }

  /** `call` for methods that make something: an abort cuts it only after some seconds. */
  async make(
    target: ManagedObject,
    method: string,
    parameters: readonly Markup[],
    signal: AbortSignal,
  ): Promise<XmlNode> {
    signal.throwIfAborted();
    const grace = withGrace(signal, MAKING_GRACE_MS);
    try {
      // Not sent again when no answer came: who comes back looks for what was made.
      await this.content(signal);
      return await this.#callOnce(target, method, parameters, { signal: grace.signal });
    } finally {
      grace.done();
    }
  }

  /** The account as vCenter names it in its sessions and tasks, which need not be how it was typed (`VSPHERE.LOCAL\user`). */
  async account(signal: AbortSignal): Promise<string> {
    return (await this.#loggedIn(signal)).account;
  }

  /** vCenter's clock, in milliseconds of the epoch. */
  async currentTime(options: CallOptions): Promise<number> {
    const answer = await this.call(SERVICE_INSTANCE, 'CurrentTime', [], options);
    const time = moment(answer, 'returnval');
    if (!time) throw new AnswerError(`the time is ${text(answer, 'returnval')}`);
    return time.getTime();
  }

  /** Logs out and closes every connection; calls under way fail. May be called again. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    clearInterval(this.#keepAlive);
    // A login that is under way is not waited for long: the session it may open ends by itself.
    const pending = this.#login?.catch(() => null);
    const login = await Promise.race([pending, delay(LOGOUT_TIMEOUT_MS, null, { ref: false })]);
    this.#login = null;
    if (login) {
      const options = { signal: this.#closing.signal, timeoutMs: LOGOUT_TIMEOUT_MS };
      // A vCenter that is gone ends the session by itself.
      await this.#client.call(login.content.sessionManager, 'Logout', [], options).catch(() => undefined);
    }
    this.#closing.abort(faultError('cancelled', { message: 'The source was closed.' }));
    await this.#agent.destroy();
  }

  async #send(target: ManagedObject, method: string, parameters: readonly Markup[], options: CallOptions) {
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    const answer = await this.#client.call(target, method, parameters, { ...options, signal });
    this.#lastCallAt = Date.now();
    return answer;
  }

  /** One login serves all who wait for it; who is aborted stops waiting, the login itself goes on. */
  async #loggedIn(signal: AbortSignal): Promise<Login> {
    signal.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    if (!this.#login) {
      const attempt = this.#logIn();
      this.#login = attempt;
      attempt.catch(() => {
        if (this.#login === attempt) this.#login = null;
      });
    }
    const login = this.#login;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([login, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #logIn(): Promise<Login> {
    if (this.#refused && Date.now() < this.#refused.until) throw this.#refused.error;
    const options = { signal: this.#closing.signal, timeoutMs: LOGIN_TIMEOUT_MS };
    try {
      this.#client.cookie = null;
      const content = readServiceContent(
        await this.#client.call(SERVICE_INSTANCE, 'RetrieveServiceContent', [], options),
      );
      this.#client.speakVersion(content.about.apiVersion);
      const { user, password } = this.#options;
      const credentials = [element('userName', user), element('password', password)];
      const answer = await this.#client.call(content.sessionManager, 'Login', credentials, options);
      this.#logins += 1;
      this.#refused = null;
      this.#lastCallAt = Date.now();
      const account = text(child(answer, 'returnval'), 'userName') ?? user;
      return { content, key: requiredText(answer, 'returnval', 'key'), account, number: this.#logins };
    } catch (error) {
      const mapped = asFaultError(error, { during: 'login', signal: this.#closing.signal });
      if (mapped.fault.code === 'vcenter-login-refused') {
        const pauseMs = (this.#options.refusedLoginPauseSeconds ?? 60) * 1000;
        this.#refused = { until: Date.now() + pauseMs, error: mapped };
      }
      throw mapped;
    }
  }

  /** The first caller who meets the lost session throws it away; later ones find the new one in place. */
  #forget(number: number): void {
    if (this.#logins !== number) return;
    this.#logins += 1;
    this.#login = null;
  }

  async #touch(keepAliveMs: number): Promise<void> {
    const idle = Date.now() - this.#lastCallAt;
    if (!this.#login || idle < keepAliveMs / 2) return;
    // Whatever goes wrong here, the next real call meets it too and says so.
    const options = { signal: this.#closing.signal, timeoutMs: LOGIN_TIMEOUT_MS };
    await this.#send(SERVICE_INSTANCE, 'CurrentTime', [], options).catch(() => undefined);
  }
}

function isSessionLost(error: unknown): boolean {
  return error instanceof VimFault && error.type === 'NotAuthenticated';
}

function readServiceContent(answer: XmlNode): ServiceContent {
  const content = child(answer, 'returnval');
  const about = child(content, 'about');
  const required = (name: string) => {
    const found = object(content, name);
    if (!found) throw faultError('vcenter-unreachable', { message: `vCenter does not offer its ${name}.` });
    return found;
  };
  return {
    rootFolder: required('rootFolder'),
    propertyCollector: required('propertyCollector'),
    viewManager: required('viewManager'),
    sessionManager: required('sessionManager'),
    authorizationManager: object(content, 'authorizationManager'),
    ovfManager: object(content, 'ovfManager'),
    about: {
      name: text(about, 'name') ?? 'vCenter',
      fullName: text(about, 'fullName') ?? '',
      version: text(about, 'version') ?? '',
      apiVersion: text(about, 'apiVersion') ?? '6.5',
      instanceUuid: text(about, 'instanceUuid') ?? '',
    },
  };
}
