// A tiny NBD server whose every answer a test can replace by a wrong one; what is right is tested
// against qemu-nbd and nbdkit in peers/nbd.test.ts.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { NbdEndpoint } from './endpoint.ts';
import { CHUNK, COMMAND, OPTION, OPTION_REPLY } from './protocol.ts';

export interface SeenRequest {
  type: number;
  cookie: bigint;
  offset: number;
  length: number;
}

/** Bytes to send instead of the right answer; 'nothing' sends none, 'close' ends the connection. */
export type Instead = Buffer | 'nothing' | 'close' | undefined;

export interface Script {
  greeting?: Buffer;
  option?: (option: number, data: Buffer) => Instead;
  request?: (request: SeenRequest, send: (bytes: Buffer) => void) => Instead;
}

export interface TestingServer {
  endpoint: NbdEndpoint;
  /** The options and requests that came, in their order. */
  options: number[];
  requests: SeenRequest[];
  /** Connections that are open. */
  open: () => number;
  close: () => Promise<void>;
}

export const GREETING = greetingOf(3);

export function greetingOf(flags: number, style = '49484156454f5054'): Buffer {
  const tail = Buffer.alloc(2);
  tail.writeUInt16BE(flags);
  return Buffer.concat([Buffer.from('4e42444d41474943', 'hex'), Buffer.from(style, 'hex'), tail]);
}

export function optionReply(option: number, type: number, data: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from('0003e889045565a9', 'hex'), u32(option), u32(type), u32(data.length), data]);
}

export function info(size: bigint, sizes?: [number, number, number]): Buffer {
  const about = Buffer.alloc(12);
  about.writeBigUInt64BE(size, 2);
  about.writeUInt16BE(3, 10);
  const parts = [optionReply(OPTION.go, OPTION_REPLY.info, about)];
  if (sizes)
    parts.push(optionReply(OPTION.go, OPTION_REPLY.info, Buffer.concat([Buffer.from([0, 3]), ...sizes.map(u32)])));
  return Buffer.concat([...parts, optionReply(OPTION.go, OPTION_REPLY.ack)]);
}

export function chunk(cookie: bigint, type: number, data: Buffer = Buffer.alloc(0), isLast = true): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt32BE(0x668e33ef);
  head.writeUInt16BE(isLast ? 1 : 0, 4);
  head.writeUInt16BE(type, 6);
  head.writeBigUInt64BE(cookie, 8);
  head.writeUInt32BE(data.length, 16);
  return Buffer.concat([head, data]);
}

export function simpleReply(cookie: bigint, errno: number, data: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([u32(0x67446698), u32(errno), u64(cookie), data]);
}

export function dataAt(offset: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([u64(BigInt(offset)), bytes]);
}

export function holeAt(offset: number, length: number): Buffer {
  return Buffer.concat([u64(BigInt(offset)), u32(length)]);
}

export function errorOf(errno: number, text = ''): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(text));
  return Buffer.concat([u32(errno), length, Buffer.from(text)]);
}

/** The payload of a chunk of block status: a context's id, then length and flags of each extent. */
export function statusOf(id: number, ...extents: [number, number][]): Buffer {
  return Buffer.concat([u32(id), ...extents.flatMap(([length, flags]) => [u32(length), u32(flags)])]);
}

/** Serves `disk` on a port of the loopback. Contexts get the ids 1, 2…, and say flags 0 of everything. */
export async function serveNbd(disk: Uint8Array, script: Script = {}): Promise<TestingServer> {
  const sockets = new Set<Socket>();
  const options: number[] = [];
  const requests: SeenRequest[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    const answer = (instead: Instead, right: () => Buffer) => {
      if (instead === 'close') socket.destroy();
      else if (instead !== 'nothing') socket.write(instead ?? right());
    };
    const talk = async () => {
      const take = taker(socket);
      socket.write(script.greeting ?? GREETING);
      await take(4);
      for (let option = 0; option !== OPTION.go; ) {
        const head = await take(16);
        option = head.readUInt32BE(8);
        const data = await take(head.readUInt32BE(12));
        options.push(option);
        answer(script.option?.(option, data), () => rightReply(option, data, disk.length));
      }
      while (true) {
        const head = await take(28);
        const request = {
          type: head.readUInt16BE(6),
          cookie: head.readBigUInt64BE(8),
          offset: Number(head.readBigUInt64BE(16)),
          length: head.readUInt32BE(24),
        };
        requests.push(request);
        if (request.type === COMMAND.disconnect) return socket.end();
        const send = (bytes: Buffer) => socket.write(bytes);
        answer(script.request?.(request, send), () => rightAnswer(request, disk));
      }
    };
    talk().catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: { address: { host: '127.0.0.1', port }, exportName: 'disk', tls: false },
    options,
    requests,
    open: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function rightReply(option: number, data: Buffer, size: number): Buffer {
  const ack = optionReply(option, OPTION_REPLY.ack);
  if (option === OPTION.go) return info(BigInt(size));
  if (option !== OPTION.setMetaContext) return ack;
  const replies: Buffer[] = [];
  const names = 8 + data.readUInt32BE(0);
  for (let at = names, id = 1; at < data.length; id += 1) {
    const length = data.readUInt32BE(at);
    const name = data.subarray(at + 4, at + 4 + length);
    replies.push(optionReply(option, OPTION_REPLY.metaContext, Buffer.concat([u32(id), name])));
    at += 4 + length;
  }
  return Buffer.concat([...replies, ack]);
}

function rightAnswer({ type, cookie, offset, length }: SeenRequest, disk: Uint8Array): Buffer {
  if (type === COMMAND.blockStatus) return chunk(cookie, CHUNK.blockStatus, statusOf(1, [length, 0]));
  return chunk(cookie, CHUNK.data, dataAt(offset, disk.subarray(offset, offset + length)));
}

/** Takes bytes in the lengths that are asked for. */
function taker(socket: Socket): (length: number) => Promise<Buffer> {
  const chunks = socket[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  return async (length) => {
    while (rest.length < length) {
      const next = await chunks.next();
      if (next.done) throw new Error('the client is gone');
      rest = Buffer.concat([rest, next.value]);
    }
    const bytes = rest.subarray(0, length);
    rest = rest.subarray(length);
    return bytes;
  };
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
