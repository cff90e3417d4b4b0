// Requests no larger than anything that is asked of us: what nobody has signed in for yet must not fill the memory.

/** The largest that pages send: a selection of thousands of rows. */
const MOST_BYTES = 2 * 1024 * 1024;

/** The same request with its body read, or null when that is larger. */
export async function bounded(request: Request, most = MOST_BYTES): Promise<Request | null> {
  if (Number(request.headers.get('content-length') ?? 0) > most) return null;
  if (!request.body) return request;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > most) return null;
    chunks.push(chunk);
  }
  const { method, headers, signal } = request;
  return new Request(request.url, { method, headers, signal, body: Buffer.concat(chunks) });
}
