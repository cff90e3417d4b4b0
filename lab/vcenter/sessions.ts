// Who is logged in, what each session has made (views, filters, pages), and when it has been idle for too long.
import { randomUUID } from 'node:crypto';
import type { Center } from './center.ts';
import type { ManagedObject } from './inventory/managed-object.ts';
import type { PropertyFilter } from './properties/filter.ts';
import type { ObjectPaths } from './properties/retrieve.ts';
import { type Data, data, list, type MoRef, ref, time, type Value } from './soap/value.ts';

/** A property collector of a session: the standing one, or one that the client created. */
export interface Collector {
  id: string;
  filters: Map<string, PropertyFilter>;
  version: number;
  /** Grows when a waiting call shall give up. */
  cancelled: AbortController;
}

export interface Session {
  key: string;
  user: string;
  userAgent: string;
  address: string;
  loginAt: number;
  lastActiveAt: number;
  objects: Map<string, ManagedObject>;
  collectors: Map<string, Collector>;
  /** What is left of paged answers, by token. */
  pages: Map<string, { rest: ObjectPaths[]; maxObjects: number }>;
  ended: AbortController;
}

export class Sessions {
  readonly #center: Center;
  readonly #sessions = new Map<string, Session>();
  readonly #timer: NodeJS.Timeout;

  constructor(center: Center) {
    this.#center = center;
    this.#timer = setInterval(() => this.#endIdle(), 1000).unref();
  }

  open(user: string, address: string, userAgent: string): Session {
    const now = Date.now();
    const session: Session = {
      key: `52${randomUUID().replaceAll('-', '').slice(2)}`,
      user,
      userAgent,
      address,
      loginAt: now,
      lastActiveAt: now,
      objects: new Map(),
      collectors: new Map([['propertyCollector', newCollector('propertyCollector')]]),
      pages: new Map(),
      ended: new AbortController(),
    };
    this.#sessions.set(session.key, session);
    this.#center.events.loggedIn(session);
    return session;
  }

  /** The session of a cookie, if it is alive; this call counts as activity. */
  use(key: string | undefined): Session | undefined {
    this.#endIdle();
    const session = this.#sessions.get(key ?? '');
    if (session) session.lastActiveAt = Date.now();
    return session;
  }

  /** Without counting as activity. */
  peek(key: string): Session | undefined {
    this.#endIdle();
    return this.#sessions.get(key);
  }

  all(): Session[] {
    return [...this.#sessions.values()];
  }

  end(key: string): void {
    const session = this.#sessions.get(key);
    session?.ended.abort();
    this.#sessions.delete(key);
    if (session) this.#center.events.loggedOut(session);
  }

  endAll(): number {
    const keys = [...this.#sessions.keys()];
    for (const key of keys) this.end(key);
    return keys.length;
  }

  /** Views, filters and collectors of any session. */
  find(id: string): ManagedObject | undefined {
    for (const session of this.#sessions.values()) {
      const found = session.objects.get(id);
      if (found) return found;
    }
    return undefined;
  }

  managerProperties(): Record<string, () => Value> {
    return {
      sessionList: () => list('UserSession', this.all().map(userSession)),
      currentSession: () => undefined,
      message: () => undefined,
      messageLocaleList: () => list('string', ['en']),
      supportedLocaleList: () => list('string', ['en']),
      defaultLocale: () => 'en',
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.endAll();
  }

  #endIdle(): void {
    const limit = Date.now() - this.#center.settings.sessionIdleSeconds * 1000;
    for (const session of this.#sessions.values()) if (session.lastActiveAt < limit) this.end(session.key);
  }
}

export function newCollector(id: string): Collector {
  return { id, filters: new Map(), version: 0, cancelled: new AbortController() };
}

export function userSession(session: Session): Data {
  return data('UserSession', {
    key: session.key,
    userName: session.user,
    fullName: session.user,
    loginTime: time(session.loginAt),
    lastActiveTime: time(session.lastActiveAt),
    locale: 'en',
    messageLocale: 'en',
    extensionSession: false,
    ipAddress: session.address,
    userAgent: session.userAgent,
    callCount: 0,
  });
}

/** The session's key in a Cookie header. */
export function sessionCookie(header: string | undefined): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const [name, value] = part.trim().split('=', 2);
    if (name === 'vmware_soap_session') return value?.replaceAll('"', '');
  }
  return undefined;
}

/** A reference within a session: `session[52…]52…`. */
export function sessionRef(type: string, session: Session): MoRef {
  return ref(type, `session[${session.key}]${randomUUID()}`);
}
