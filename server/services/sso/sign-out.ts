// Where a browser goes that signs out of a session by single sign-on: to the provider, so that its session there ends as well.
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { sessions } from '../../../db/schema/index.ts';
import type { MemberPrincipal } from '../../access/principals.ts';
import { ssoSettings } from '../../access/sso-settings.ts';
import { log } from '../../log.ts';
import { publicUrl } from '../../public-url.ts';
import { PROVIDER_SIGN_OUT } from '../../secrets/columns.ts';
import { unseal } from '../../secrets/seal.ts';
import { guard, type ServiceContext } from '../context.ts';

const kept = z.object({ endpoint: z.url({ protocol: /^https?$/ }), idToken: z.string() });

/** Of the session that asks; null where there is nothing to tell a provider. */
export async function providerSignOut(ctx: ServiceContext & { principal: MemberPrincipal }): Promise<string | null> {
  guard(ctx, 'profile.manage');
  const { sessionId } = ctx.principal;
  const settings = ssoSettings();
  if (!sessionId || !settings) return null;
  const [row] = await ctx.db
    .select({ sealed: sessions.providerSignOut })
    .from(sessions)
    .where(eq(sessions.id, sessionId));
  if (!row?.sealed) return null;
  try {
    const text = unseal(row.sealed, { ...PROVIDER_SIGN_OUT, workspaceId: '', row: sessionId });
    const { endpoint, idToken } = kept.parse(JSON.parse(text));
    const url = new URL(endpoint);
    url.searchParams.set('id_token_hint', idToken);
    url.searchParams.set('client_id', settings.clientId);
    url.searchParams.set('post_logout_redirect_uri', publicUrl('/sign-in'));
    return url.href;
  } catch (error) {
    // Sealed under a key that is gone, say. Nobody is kept from signing out over it.
    log().warn({ error, sessionId }, 'no sign-out at the provider');
    return null;
  }
}
