import { isForeign } from '../../../../server/api/same-origin.ts';
import { authHandler } from '../../../../server/auth/next-auth.ts';
import { log } from '../../../../server/log.ts';

/** Forms with an e-mail and a password. */
const MOST_BYTES = 64 * 1024;

export { authHandler as GET };

/** Signing somebody in or out from a foreign page needs our token, and is refused before that is looked at. */
export async function POST(request: Request, context: { params: Promise<unknown> }): Promise<Response> {
  if (isForeign(request.headers)) {
    tellOnce(request.headers);
    return Response.json({ url: null }, { status: 403 });
  }
  // Browsers say how long a form is; next-auth reads whatever comes.
  const length = Number(request.headers.get('content-length') ?? Number.NaN);
  if (!(length <= MOST_BYTES)) {
    log().warn(
      { length: request.headers.get('content-length') },
      'a form was refused: it is too long, or does not say how long it is',
    );
    return Response.json({ url: null }, { status: 413 });
  }
  return authHandler(request, context);
}

/** Of made-up origins only the first are said. */
const NOTICES = 20;
const told = new Set<string>();

/** A foreign page, or our own under an address that the settings do not name: the operator knows which. */
function tellOnce(headers: Headers): void {
  const of = {
    origin: headers.get('origin'),
    site: headers.get('sec-fetch-site'),
    host: headers.get('host'),
    protocol: headers.get('x-forwarded-proto'),
  };
  const key = JSON.stringify(of);
  if (told.size >= NOTICES || told.has(key)) return;
  told.add(key);
  log().warn(
    of,
    'a sign-in was refused: its page is not of the address that LANDFALL_PUBLIC_URL and LANDFALL_TRUSTED_PROXIES make out',
  );
}
