// The numbers of the NBD protocol that we speak: fixed newstyle, structured replies, metadata contexts.
// Source: doc/proto.md of the NetworkBlockDevice project. Part of replication/disks/nbd.

export const HANDSHAKE_MAGIC = 0x4e42444d41474943n; // NBDMAGIC
export const OPTION_MAGIC = 0x49484156454f5054n; // IHAVEOPT
export const OLDSTYLE_MAGIC = 0x0000420281861253n;
export const OPTION_REPLY_MAGIC = 0x0003e889045565a9n;

/** Flags of the handshake, the server's and the client's alike. */
export const FIXED_NEWSTYLE = 1;
export const NO_ZEROES = 2;

export const OPTION = {
  abort: 2,
  list: 3,
  startTls: 5,
  go: 7,
  structuredReply: 8,
  setMetaContext: 10,
} as const;

export const OPTION_REPLY = { ack: 1, server: 2, info: 3, metaContext: 4 } as const;
/** Replies to options from here on are errors. */
export const OPTION_ERROR = 0x8000_0000;
export const REFUSAL = {
  unsupported: OPTION_ERROR + 1,
  policy: OPTION_ERROR + 2,
  invalid: OPTION_ERROR + 3,
  platform: OPTION_ERROR + 4,
  tlsRequired: OPTION_ERROR + 5,
  unknown: OPTION_ERROR + 6,
  shutdown: OPTION_ERROR + 7,
  blockSizeRequired: OPTION_ERROR + 8,
  tooBig: OPTION_ERROR + 9,
} as const;

export const INFO = { export: 0, blockSize: 3 } as const;

export const REQUEST_MAGIC = 0x25609513;
export const SIMPLE_REPLY_MAGIC = 0x67446698;
export const STRUCTURED_REPLY_MAGIC = 0x668e33ef;

export const COMMAND = { read: 0, disconnect: 2, blockStatus: 7 } as const;

export const CHUNK = { none: 0, data: 1, hole: 2, blockStatus: 5, errorAtOffset: 0x8002 } as const;
/** Chunks with this bit tell of an error, also those of a type that we do not know. */
export const CHUNK_ERROR = 0x8000;
export const CHUNK_DONE = 1;

/** The longest string of the protocol, in bytes: names of exports and contexts, texts of errors. */
export const LONGEST_STRING = 4096;

/** The context that tells holes and zeros; every server with metadata contexts has it. */
export const ALLOCATION = 'base:allocation';
/** Flag of `base:allocation`; a hole without it may read as anything. */
export const STATE_ZERO = 2;
/** Flag of `qemu:dirty-bitmap:…`. */
export const STATE_DIRTY = 1;

/** The context of a dirty bitmap that QEMU or qemu-nbd exports. */
export function dirtyBitmap(name: string): string {
  return `qemu:dirty-bitmap:${name}`;
}

/** A string as options carry it: its length, then its bytes. */
export function lengthAndText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
