import { isForeign } from '../../../../server/api/same-origin.ts';
import { authHandler } from '../../../../server/auth/next-auth.ts';

export { authHandler as GET };

/** Signing somebody in or out from a foreign page needs our token, and is refused before that is looked at. */
export async function POST(request: Request, context: { params: Promise<unknown> }): Promise<Response> {
  if (isForeign(request.headers)) return Response.json({ url: null }, { status: 403 });
  return authHandler(request, context);
}
