// A secret as a column holds it. Made and opened by server/secrets alone.

export interface Sealed {
  /** The master key that wraps the data key: its id in LANDFALL_SECRET_KEY. */
  key: string;
  /** The data key, made for this secret alone and sealed under the master key: nonce, ciphertext and tag in base64. */
  wrapped: string;
  /** The secret, sealed under its data key, in the same form. */
  text: string;
}
