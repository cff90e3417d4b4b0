// What every router is made from: context, who is signed in, errors.
import { initTRPC, type TRPCError } from '@trpc/server';
import superjson from 'superjson';
import { FaultError, fault } from '../../replication/model/fault.ts';
import type { Permission } from '../access/permissions.ts';
import type { SessionMember } from '../access/principals.ts';
import { log } from '../log.ts';
import { noteRefusal } from '../services/activity/refusal.ts';
import { guard, memberContext } from '../services/context.ts';
import { MappedFault, mapFault } from './faults.ts';
import { isKeepable } from './keepable.ts';
import { isSameOrigin } from './same-origin.ts';

/** Which workspace a page shows. The session may have another one open by now; only `session.me` tells which. */
const WORKSPACE_HEADER = 'x-landfall-workspace';

export interface ApiContext {
  /** Who is signed in; asked at most once per request. */
  session: () => Promise<SessionMember | null>;
  /** The same, asked anew: for what lasts longer than a request should. */
  sessionNow: () => Promise<SessionMember | null>;
  headers: Headers;
  /** A call from our own server components, which no other site can make. */
  internal: boolean;
  /** Signed by an access key, which no page of another site has. */
  signed?: boolean;
}

const t = initTRPC
  .context<ApiContext>()
  .meta<{ needs: Permission }>()
  .create({
    transformer: superjson,
    sse: { ping: { enabled: true, intervalMs: 10_000 }, client: { reconnectAfterInactivityMs: 25_000 } },
    errorFormatter({ shape, error }) {
      const { fault: theFault, fields } = mapFault(error, shape.data.path ?? '');
      return {
        ...shape,
        message: theFault.message,
        data: {
          code: shape.data.code,
          httpStatus: shape.data.httpStatus,
          path: shape.data.path,
          fault: theFault,
          fields,
        },
      };
    },
  });

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

/** Outermost: whatever a procedure throws leaves as a fault with the right HTTP status. */
const faults = t.middleware(async ({ next, path }) => {
  const result = await next();
  if (!result.ok) throw mapFault(result.error, path);
  return result;
});

const sameOrigin = t.middleware(({ ctx, type, next }) => {
  if (type === 'mutation' && !ctx.internal && !ctx.signed && !isSameOrigin(ctx.headers)) {
    throw new MappedFault(
      fault('permission-denied', {
        message: 'The request did not come from a page of this console.',
        remedy: 'Open the console under its own address and try again.',
      }),
    );
  }
  return next();
});

const keepable = t.middleware(async ({ getRawInput, next }) => {
  if (isKeepable(await getRawInput())) return next();
  throw new MappedFault(
    fault('input-invalid', {
      message: 'A text holds a character that cannot be kept.',
      remedy: 'Type it anew: copied text may hold characters that are not seen.',
    }),
  );
});

/** For whoever asks, signed in or not. */
export const openProcedure = t.procedure.use(faults).use(sameOrigin).use(keepable);

/** What is answered to who must have a second step first. */
const BEFORE_A_SECOND_STEP: ReadonlySet<string> = new Set([
  'session.providerSignOut',
  'totp.status',
  'totp.begin',
  'totp.confirm',
]);

/**
 * For whoever is signed in and has the permission: the only way to a procedure for members, so that none is without one. `ctx.service`
 * is what every verb takes, which asks for the permission too, or for more where it depends on what it is told. `ctx.principal` is the
 * member; `ctx.member` has the workspace's name and the preferences as well.
 */
export const procedure = (needs: Permission) =>
  memberProcedure.meta({ needs }).use(({ ctx, next }) => {
    guard(ctx.service, needs);
    return next();
  });

/** The same for somebody in a browser: what would let a key that was stolen outlive its end. */
export const sessionProcedure = (needs: Permission) =>
  memberProcedure.meta({ needs }).use(({ ctx, next }) => {
    if (ctx.principal.accessKeyId) throw new MappedFault(fault('access-key-not-here'));
    guard(ctx.service, needs);
    return next();
  });

const memberProcedure = openProcedure.use(async ({ ctx, next, path }) => {
  const member = await ctx.session();
  if (!member) throw new MappedFault(fault('not-signed-in'));
  if (member.mustEnrol && !BEFORE_A_SECOND_STEP.has(path)) throw new MappedFault(fault('second-step-missing'));
  const { principal } = member;
  const ofPage = ctx.headers.get(WORKSPACE_HEADER);
  if (ofPage !== null && ofPage !== principal.workspaceId && path !== 'session.me')
    throw new MappedFault(fault('workspace-changed'));
  const service = memberContext(principal);
  const result = await next({ ctx: { ...ctx, member, principal, service } });
  if (!result.ok && isRefusal(result.error)) {
    // The answer is the same whether it could be noted or not.
    await noteRefusal(service, path).catch((error) => log().warn({ error, path }, 'a refusal could not be noted'));
  }
  return result;
});

const isRefusal = ({ cause }: TRPCError) => cause instanceof FaultError && cause.fault.code === 'permission-denied';
