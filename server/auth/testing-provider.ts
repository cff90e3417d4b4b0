// A real OpenID provider (oidc-provider) on loopback, with people who are in groups: its sign-in page is one form, and what it answers
// can be bent for tests of what must be refused.
import { createSign, generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';

export const CLIENT = { id: 'landfall', secret: 'the secret of the client' };

export interface Person {
  email?: string;
  name?: string;
  email_verified?: boolean;
  groups?: string[];
}

export interface TestProvider {
  issuer: string;
  /** By subject; what stands here at a sign-in counts. */
  people: Map<string, Person>;
  /** Claims to be changed in the next tokens, signed anew with the right key. */
  bend: Record<string, unknown> | null;
  /** Signs with a key that is not published. */
  strangeKey: boolean;
  /** Answers with this status only, or (0) a byte now and then, without an end. */
  broken: number | null;
  /** Other keys, published, from now on. */
  turnKeys(): Promise<void>;
  /** Those who asked to end a session here, by what they sent. */
  signOuts: URLSearchParams[];
  stop(): Promise<void>;
  start(): Promise<void>;
}

const newKey = (kid: string) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey, jwk: { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' } };
};

/** @param callbacks where people may be sent back to: the first after a sign-in, the second after a sign-out */
export async function testProvider(callbacks: { signIn: string; signOut: string }, port = 0): Promise<TestProvider> {
  let key = newKey('first');
  const strange = newKey('strange');
  let handle: (request: IncomingMessage, response: ServerResponse) => unknown;
  let server: Server;
  const people: TestProvider['people'] = new Map();
  const provider: TestProvider = {
    issuer: '',
    people,
    bend: null,
    strangeKey: false,
    broken: null,
    signOuts: [],
    turnKeys: async () => {
      key = newKey(`turned-${Date.now()}`);
      handle = build();
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
    start: async () => {
      server = createServer((request, response) => {
        if (provider.broken === 0) drip(response);
        else if (provider.broken) response.writeHead(provider.broken).end();
        else handle(request, response);
      });
      const at = provider.issuer ? Number(new URL(provider.issuer).port) : port;
      await new Promise<void>((done, failed) => server.once('error', failed).listen(at, '127.0.0.1', done));
      provider.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
  };

  /** The same token with other claims, by the key that is published, or one that is not. */
  const bent = (token: string): string => {
    const payload = JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
    const by = provider.strangeKey ? strange : key;
    const parts = [
      { alg: 'RS256', kid: by.jwk.kid },
      { ...payload, ...provider.bend },
    ];
    const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${text}.${createSign('RSA-SHA256').update(text).sign(by.privateKey).toString('base64url')}`;
  };

  function build() {
    const oidc = new Provider(provider.issuer, configuration(key.jwk, people, callbacks));
    oidc.use(async (ctx, next) => {
      if (ctx.path === '/session/end') provider.signOuts.push(new URLSearchParams(ctx.querystring));
      await next();
      const body = ctx.body as { id_token?: string } | undefined;
      if (ctx.path === '/token' && body?.id_token && (provider.bend || provider.strangeKey)) {
        ctx.body = { ...body, id_token: bent(body.id_token) };
      }
    });
    const others = oidc.callback();
    return async (request: IncomingMessage, response: ServerResponse) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', provider.issuer);
      if (!pathname.startsWith('/interaction/')) return others(request, response);
      if (request.method === 'GET' && !searchParams.has('as')) return void response.end(form(people));
      const as = searchParams.get('as');
      const result = as ? { login: { accountId: as } } : { error: 'access_denied', error_description: 'cancelled' };
      await oidc.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    };
  }

  await provider.start();
  handle = build();
  return provider;
}

function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const dripping = setInterval(() => response.write(' '), 200);
  response.once('close', () => clearInterval(dripping));
}

function form(people: ReadonlyMap<string, Person>): string {
  const links = [...people].map(([id, { name }]) => `<a href="?as=${encodeURIComponent(id)}">Continue as ${name}</a>`);
  return `<!doctype html><title>Provider</title><h1>Provider</h1>${links.join('<br>')}<br><a href="?as=">Cancel</a>`;
}

function configuration(
  jwk: object,
  people: ReadonlyMap<string, Person>,
  { signIn, signOut }: { signIn: string; signOut: string },
): Configuration {
  return {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [signIn],
        post_logout_redirect_uris: [signOut],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [jwk] } as never,
    cookies: { keys: ['a key of the test'] },
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'], groups: ['groups'] },
    scopes: ['openid', 'profile', 'email', 'groups'],
    // As most providers do: everything in the token itself.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, html) => {
          ctx.body = `<!doctype html><title>Sign out</title>${html}<button form="op.logoutForm" name="logout" value="yes">Sign out</button>`;
        },
      },
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    async loadExistingGrant(ctx) {
      const { client, session, provider } = ctx.oidc;
      if (!client || !session?.accountId) return undefined;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid profile email groups');
      await grant.save();
      return grant;
    },
    findAccount: (_, id) => {
      const person = people.get(id);
      return person && { accountId: id, claims: () => ({ sub: id, ...person }) };
    },
  };
}
