// A browser without a screen, for tests of sign-in: it keeps cookies by their host, asks next-auth's routes by the form for Node's own
// requests (the other one works inside of Next only), and follows a real provider over HTTP.
import { authHandler } from './next-auth.ts';

export interface Seen {
  /** Where it was at last sent, or where it is. */
  url: string;
  body: string;
}

export class TestBrowser {
  readonly #jars = new Map<string, Map<string, string>>();
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Cookies of a host, as they are sent there. */
  jar(origin = this.#origin): Map<string, string> {
    const { host } = new URL(origin);
    const jar = this.#jars.get(host) ?? new Map<string, string>();
    this.#jars.set(host, jar);
    return jar;
  }

  #keep(jar: Map<string, string>, set: readonly string[]): void {
    for (const cookie of set) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value && !/max-age=0\b/i.test(cookie)) jar.set(name, value);
      else jar.delete(name);
    }
  }

  /** Asks one of next-auth's routes; answers what came as JSON, or where it sends. */
  async auth(url: string, body?: Record<string, string>): Promise<{ location: string | null; said: unknown }> {
    const jar = this.jar();
    const { pathname, searchParams } = new URL(url, this.#origin);
    let set: string[] = [];
    let location: string | null = null;
    let said: unknown;
    const keep = (sent: unknown) => {
      said = sent;
    };
    const response = {
      status: () => response,
      getHeader: (name: string) => (name === 'Set-Cookie' ? set : undefined),
      setHeader: (name: string, value: string[] | string) => {
        if (name === 'Set-Cookie') set = value as string[];
        if (name === 'Location') location = value as string;
      },
      send: keep,
      json: keep,
      end: () => {},
    };
    const request = {
      method: body ? 'POST' : 'GET',
      query: { ...Object.fromEntries(searchParams), nextauth: pathname.split('/').slice(3) },
      headers: {
        ...{ 'user-agent': 'Test browser', host: new URL(this.#origin).host },
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
      },
      cookies: Object.fromEntries([...jar].map(([name, value]) => [name, decodeURIComponent(value)])),
      body,
    };
    await authHandler(request, response);
    this.#keep(jar, set);
    return { location, said };
  }

  /** Presses the button: answers the provider's address, or ours with a reason. */
  async pressSso(): Promise<string> {
    const { said } = await this.auth('/api/auth/csrf');
    const { csrfToken } = said as { csrfToken: string };
    const form = { csrfToken, json: 'true', callbackUrl: `${this.#origin}/jobs` };
    const { said: answer } = await this.auth('/api/auth/signin/oidc', form);
    return (answer as { url: string }).url;
  }

  async signOut(): Promise<void> {
    const { said } = await this.auth('/api/auth/csrf');
    const { csrfToken } = said as { csrfToken: string };
    await this.auth('/api/auth/signout', { csrfToken, json: 'true' });
  }

  /** Opens a page, or sends it a form, and goes on to whatever it sends to, up to a page of the console that is not next-auth's. */
  async open(start: string, form?: Record<string, string>): Promise<Seen> {
    let body = form && new URLSearchParams(form);
    let url = new URL(start, this.#origin);
    for (let hops = 0; hops < 20; hops += 1) {
      let next: string | null;
      let text = '';
      if (url.origin === this.#origin) {
        if (!url.pathname.startsWith('/api/auth/')) return { url: url.href, body: text };
        next = (await this.auth(url.href)).location;
      } else {
        const jar = this.jar(url.origin);
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
        const sent = body ? { method: 'POST', body } : {};
        const answer = await fetch(url, { redirect: 'manual', headers: { cookie }, ...sent });
        body = undefined;
        this.#keep(jar, answer.headers.getSetCookie());
        next = answer.headers.get('location');
        text = await answer.text();
      }
      if (!next) return { url: url.href, body: text };
      url = new URL(next, url);
    }
    throw new Error(`sent around in a circle, at last to ${url.href}`);
  }

  /** From the button to the end. @param as the subject; null for whoever presses cancel */
  async signInAs(as: string | null): Promise<string> {
    const there = await this.open(await this.pressSso());
    if (!there.body.includes('Cancel')) return there.url;
    return (await this.open(`${there.url}?as=${as ?? ''}`)).url;
  }
}
