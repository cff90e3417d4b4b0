// What the front door of the lab's AWS (server.ts) hands to a service, and what it takes back.
import type { Readable } from 'node:stream';

/** A request whose SigV4 signature was verified. The body is decoded (aws-chunked framing removed, trailers checked at its end). */
export interface AwsRequest {
  service: 's3' | 'ec2' | 'ebs' | 'sts';
  method: string;
  /** Path still percent-encoded, query parsed. */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  body: Readable;
  /** Trailers of an aws-chunked body, lower case; there once the body has ended. */
  trailers?: Record<string, string>;
  account: string;
  region: string;
  accessKeyId: string;
  requestId: string;
  /** Aborted when the client goes away or the lab stops. */
  signal: AbortSignal;
}

export interface AwsResponse {
  status: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array | Readable;
}

/** Operation names are `<service>:<Operation>` in fault rules; a service calls `context.faults` itself once it knows the operation. */
export type AwsService = (request: AwsRequest) => Promise<AwsResponse>;

/** Thrown by a service; rendered by it in its own protocol's error form. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: Record<string, string>;

  constructor(status: number, code: string, message: string, details: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}
