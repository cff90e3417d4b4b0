// The name of a request that may be sent again: the server does what it asks for once.

/** 128 random bits; `crypto.randomUUID` is not there on plain HTTP. */
export function newRequestId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
