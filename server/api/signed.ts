// A request of a program, signed with an access key.
import { memberBySignature, noteKeyUsed } from '../access/access-keys.ts';
import type { SessionMember } from '../access/principals.ts';
import { addressOf } from '../auth/address.ts';
import { log } from '../log.ts';
import { publicUrl } from '../public-url.ts';

export interface SignedBody {
  request: Request;
  body: Uint8Array;
}

/** The body is part of what is signed. The request is bounded, and can be read once more. */
export async function readSignedBody(request: Request): Promise<SignedBody> {
  return { request, body: new Uint8Array(await request.clone().arrayBuffer()) };
}

/** @throws as `memberBySignature` */
export async function memberOfSigned({ request, body }: SignedBody): Promise<SessionMember> {
  const { pathname, search } = new URL(request.url);
  const { method, headers } = request;
  const forwarded = headers.get('x-forwarded-host');
  const member = await memberBySignature({
    ...{ method, headers, body, path: pathname, query: search.slice(1) },
    address: addressOf(headers),
    changes: method === 'POST',
    otherHosts: [new URL(publicUrl('/')).host, ...(forwarded ? [forwarded] : [])],
  });
  // Only for the lists of keys: nobody waits for it, and nobody is sent away over it.
  noteKeyUsed(member).catch((error) => log().warn({ error }, 'use of an access key not noted'));
  return member;
}
