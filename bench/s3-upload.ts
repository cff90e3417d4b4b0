// Our S3 upload against `aws s3 cp`: the same file to the same server, which counts the bytes and forgets them.
// Run by bench/main.ts; as a program of its own (`node bench/s3-upload.ts FILE URL`) it is our side.
// A server that checks and stores, as the lab does, would cost more than either client on a small machine and hide the ratio.
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openStaging } from '../replication/target/aws/open-target.ts';
import type { Found } from '../scripts/peers/peer-programs.ts';
import { INPUTS, type Input } from './inputs.ts';
import { compete, notMeasured, type Row } from './row.ts';
import { measure } from './side.ts';

const NAME = 'S3 upload';
const PEER = 'aws s3 cp';
const AIM = 'at least as fast';
const BUCKET = 'bench';
const REGION = 'eu-central-1';
const KEYS = { accessKeyId: 'bench', secretAccessKey: 'bench' };
const READ_BYTES = 1024 * 1024;

export async function s3Row(input: Input, rounds: number, aws: Found): Promise<Row> {
  if ('missing' in aws) return notMeasured(NAME, INPUTS[input.name], PEER, AIM, aws.missing);
  const sink = await startSink();
  const sent = async (program: string, args: string[], env: Record<string, string>) => {
    sink.bytes = 0;
    const measured = await measure(program, args, env);
    if (sink.bytes < statSync(input.file).size) throw new Error(`Only ${sink.bytes} bytes came from ${program}.`);
    return { ...measured, bytes: sink.bytes };
  };
  const theirEnvironment = {
    AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    AWS_DEFAULT_REGION: REGION,
    AWS_ENDPOINT_URL: sink.url,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  try {
    return await compete({
      name: NAME,
      input: INPUTS[input.name],
      peer: PEER,
      rounds,
      ours: () => sent(process.execPath, [import.meta.filename, input.file, sink.url], {}),
      theirs: () =>
        sent(aws.path, ['s3', 'cp', '--quiet', input.file, `s3://${BUCKET}/landfall/bench`], theirEnvironment),
      aim: AIM,
      isMet: (ratio) => ratio >= 1,
    });
  } finally {
    await sink.stop();
  }
}

interface Sink {
  url: string;
  bytes: number;
  stop(): Promise<void>;
}

/** As much of S3 as a multipart upload needs; it accepts everything. */
async function startSink(): Promise<Sink> {
  const sink: Sink = { url: '', bytes: 0, stop: () => new Promise((resolve) => server.close(() => resolve())) };
  const server = createServer((request, response) => {
    request.on('data', (piece: Buffer) => {
      sink.bytes += piece.length;
    });
    request.on('end', () => answer(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  sink.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return sink;
}

function answer({ method, url = '' }: IncomingMessage, response: ServerResponse): void {
  const etag = '"00000000000000000000000000000000-1"';
  const body = !(method === 'POST')
    ? ''
    : url.includes('uploadId=')
      ? `<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`
      : `<InitiateMultipartUploadResult><UploadId>bench</UploadId></InitiateMultipartUploadResult>`;
  response.writeHead(200, { etag, 'content-type': 'application/xml', 'content-length': body.length });
  response.end(body);
}

async function upload(file: string, url: string): Promise<void> {
  const { signal } = new AbortController();
  const staging = openStaging({ region: REGION, credentials: KEYS, bucket: BUCKET, endpoints: { s3: url } });
  const upload = await staging.startUpload('landfall/bench', { capacityBytes: statSync(file).size }, signal);
  // The same buffer over and over, as whoever hands chunks to an upload may.
  const chunk = Buffer.allocUnsafeSlow(READ_BYTES);
  const input = await open(file);
  for (;;) {
    const { bytesRead } = await input.read(chunk, 0, chunk.length);
    if (bytesRead === 0) break;
    await upload.write(chunk.subarray(0, bytesRead), signal);
  }
  await input.close();
  await upload.complete(signal);
  staging.close();
}

if (import.meta.main) await upload(process.argv[2]!, process.argv[3]!);
