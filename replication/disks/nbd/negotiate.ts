// The handshake of fixed newstyle: the greeting, and the options that we use.
// Part of replication/disks/nbd. Nothing here waits by itself; connectNbd holds the deadline.
import { NbdBreach, NbdRefusal } from './faults.ts';
import {
  FIXED_NEWSTYLE,
  HANDSHAKE_MAGIC,
  INFO,
  LONGEST_STRING,
  lengthAndText,
  NO_ZEROES,
  OLDSTYLE_MAGIC,
  OPTION,
  OPTION_ERROR,
  OPTION_MAGIC,
  OPTION_REPLY,
  OPTION_REPLY_MAGIC,
  REFUSAL,
} from './protocol.ts';
import type { Wire } from './wire.ts';

/** In bytes; a request begins and ends at a multiple of `minimum` and asks for at most `maximum`. */
export interface BlockSizes {
  minimum: number;
  preferred: number;
  maximum: number;
}

export interface ExportInfo {
  /** In bytes. */
  size: number;
  blockSizes: BlockSizes;
}

export interface NbdExport {
  name: string;
  description: string;
}

type OptionName = keyof typeof OPTION;
type Reply = { type: number; data: Buffer };

// Two strings and a little; nothing that we ask for has longer answers.
const LONGEST_REPLY = 2 * LONGEST_STRING + 64;
const MOST_REPLIES = 10_000;
/** What a client should keep to where the server says nothing. */
const UNSAID: BlockSizes = { minimum: 512, preferred: 4096, maximum: 32 * 1024 * 1024 };
const LARGEST_MINIMUM = 64 * 1024;

/** Reads the server's greeting and answers it. */
export async function greet(wire: Wire): Promise<void> {
  const greeting = await wire.read(16);
  if (greeting.readBigUInt64BE(0) !== HANDSHAKE_MAGIC) throw new NbdBreach('does not greet as NBD servers do');
  const style = greeting.readBigUInt64BE(8);
  if (style === OLDSTYLE_MAGIC) throw new NbdBreach('speaks the oldstyle handshake only, which names no export');
  if (style !== OPTION_MAGIC) throw new NbdBreach('does not greet as NBD servers do');
  const flags = (await wire.read(2)).readUInt16BE(0);
  if (!(flags & FIXED_NEWSTYLE)) throw new NbdBreach('does not speak fixed newstyle');
  const answer = Buffer.alloc(4);
  answer.writeUInt32BE(FIXED_NEWSTYLE | (flags & NO_ZEROES));
  wire.write(answer);
}

/** Agrees on TLS; the very next byte is TLS's. */
export async function startTls(wire: Wire): Promise<void> {
  send(wire, 'startTls');
  for await (const reply of replies(wire, 'startTls')) unexpected('startTls', reply);
}

/** Whether the server agrees to structured replies. */
export async function agreeOnStructuredReplies(wire: Wire): Promise<boolean> {
  send(wire, 'structuredReply');
  try {
    for await (const reply of replies(wire, 'structuredReply')) unexpected('structuredReply', reply);
    return true;
  } catch (error) {
    if (isRefusal(error, REFUSAL.unsupported, REFUSAL.policy, REFUSAL.invalid)) return false;
    throw error;
  }
}

/** Chooses metadata contexts for the export. Answers which of them the server has, by its ids. */
export async function chooseContexts(wire: Wire, exportName: string, names: string[]): Promise<Map<number, string>> {
  const chosen = new Map<number, string>();
  if (names.length === 0) return chosen;
  const count = Buffer.alloc(4);
  count.writeUInt32BE(names.length);
  send(wire, 'setMetaContext', Buffer.concat([lengthAndText(exportName), count, ...names.map(lengthAndText)]));
  try {
    for await (const { type, data } of replies(wire, 'setMetaContext')) {
      if (type !== OPTION_REPLY.metaContext || data.length < 5) unexpected('setMetaContext', { type, data });
      const name = data.toString('utf8', 4);
      const id = data.readUInt32BE(0);
      const isOdd = !names.includes(name) || chosen.has(id) || [...chosen.values()].includes(name);
      if (isOdd) throw new NbdBreach(`offered the context ${name}, which was not asked for, or twice`);
      chosen.set(id, name);
    }
  } catch (error) {
    if (isRefusal(error, REFUSAL.unsupported)) return new Map();
    throw error;
  }
  return chosen;
}

/** Enters the transmission phase. */
export async function go(wire: Wire, exportName: string): Promise<ExportInfo> {
  const wanted = Buffer.alloc(4);
  wanted.writeUInt16BE(1);
  wanted.writeUInt16BE(INFO.blockSize, 2);
  send(wire, 'go', Buffer.concat([lengthAndText(exportName), wanted]));
  let size: bigint | undefined;
  let blockSizes = UNSAID;
  let told = UNSAID;
  for await (const { type, data } of replies(wire, 'go')) {
    if (type !== OPTION_REPLY.info || data.length < 2) unexpected('go', { type, data });
    const kind = data.readUInt16BE(0);
    if (kind === INFO.export) {
      if (data.length !== 12) throw new NbdBreach('told the size of the export in another length than the standard’s');
      size = data.readBigUInt64BE(2);
    } else if (kind === INFO.blockSize) {
      if (data.length !== 14) throw new NbdBreach('told its block sizes in another length than the standard’s');
      told = { minimum: data.readUInt32BE(2), preferred: data.readUInt32BE(6), maximum: data.readUInt32BE(10) };
      blockSizes = checkSizes(told);
    }
  }
  if (size === undefined) throw new NbdBreach('opened the export without a word of its size');
  // Requests of a few bytes each would be answered rightly, and the disk never be read.
  if (told.maximum < told.preferred && told.maximum < size) {
    throw new NbdBreach(`takes at most ${told.maximum} bytes at once, less than the ${told.preferred} that it prefers`);
  }
  if (size > Number.MAX_SAFE_INTEGER) throw new NbdBreach(`says that the export has ${size} bytes`);
  return { size: Number(size), blockSizes };
}

/** What the server exports, as far as it tells. */
export async function listExports(wire: Wire): Promise<NbdExport[]> {
  const found: NbdExport[] = [];
  send(wire, 'list');
  for await (const { type, data } of replies(wire, 'list')) {
    const length = data.length >= 4 ? data.readUInt32BE(0) : 0;
    if (type !== OPTION_REPLY.server || data.length < 4 + length) unexpected('list', { type, data });
    found.push({ name: data.toString('utf8', 4, 4 + length), description: data.toString('utf8', 4 + length) });
  }
  return found;
}

/** The bytes that take leave before an export was opened. */
export function farewell(): Buffer {
  return spellOption('abort');
}

function send(wire: Wire, option: OptionName, data?: Buffer): void {
  wire.write(spellOption(option, data));
}

function spellOption(option: OptionName, data: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(16);
  head.writeBigUInt64BE(OPTION_MAGIC);
  head.writeUInt32BE(OPTION[option], 8);
  head.writeUInt32BE(data.length, 12);
  return Buffer.concat([head, data]);
}

/** The replies to an option, up to its acknowledgement. @throws NbdRefusal when it is answered with an error */
async function* replies(wire: Wire, option: OptionName): AsyncGenerator<Reply> {
  for (let count = 0; count < MOST_REPLIES; count += 1) {
    const head = await wire.read(20);
    if (head.readBigUInt64BE(0) !== OPTION_REPLY_MAGIC) throw new NbdBreach('began the reply to an option wrongly');
    if (head.readUInt32BE(8) !== OPTION[option]) throw new NbdBreach('replied to an option that was not sent');
    const type = head.readUInt32BE(12);
    const length = head.readUInt32BE(16);
    if (length > LONGEST_REPLY) throw new NbdBreach(`replied to an option with ${length} bytes`);
    const data = await wire.read(length);
    if (type >= OPTION_ERROR) throw new NbdRefusal(option, type, data.toString('utf8'));
    if (type === OPTION_REPLY.ack) return;
    yield { type, data };
  }
  throw new NbdBreach(`replied to an option more than ${MOST_REPLIES} times`);
}

function unexpected(option: OptionName, { type, data }: Reply): never {
  throw new NbdBreach(`replied to the option ${option} with type ${type} and ${data.length} bytes`);
}

function isRefusal(error: unknown, ...types: number[]): boolean {
  return error instanceof NbdRefusal && types.includes(error.type);
}

function checkSizes({ minimum, preferred, maximum }: BlockSizes): BlockSizes {
  const isSound = isPowerOfTwo(minimum) && minimum <= LARGEST_MINIMUM && isPowerOfTwo(preferred);
  if (!isSound || preferred < minimum || maximum < minimum) {
    throw new NbdBreach(`says that its block sizes are ${minimum}, ${preferred} and ${maximum}`);
  }
  // The largest may be any number, 2³²−1 for "as large as you like".
  const largest = Math.min(maximum, UNSAID.maximum);
  return { minimum, preferred: Math.min(preferred, largest), maximum: largest - (largest % minimum) };
}

function isPowerOfTwo(number: number): boolean {
  return number > 0 && Number.isInteger(Math.log2(number));
}
