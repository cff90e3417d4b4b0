import { isForeign } from '../../../../server/api/same-origin.ts';
import { authHandler } from '../../../../server/auth/next-auth.ts';

/** Forms with an e-mail and a password. */
const MOST_BYTES = 64 * 1024;

export { authHandler as GET };

/** Signing somebody in or out from a foreign page needs our token, and is refused before that is looked at. */
export async function POST(request: Request, context: { params: Promise<unknown> }): Promise<Response> {
  if (isForeign(request.headers)) return Response.json({ url: null }, { status: 403 });
  // Browsers say how long a form is; next-auth reads whatever comes.
  const length = Number(request.headers.get('content-length') ?? Number.NaN);
  if (!(length <= MOST_BYTES)) return Response.json({ url: null }, { status: 413 });
  return authHandler(request, context);
}
