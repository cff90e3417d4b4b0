// What AWS says to an operation that it does not have, in the protocol that the request speaks: for services that the lab lacks.
import { escapeXml } from './errors.ts';
import type { AwsResponse } from './service.ts';
import type { SignedParts } from './sigv4.ts';

/** Services whose protocol is XML over paths, which a request does not show by itself. */
const XML_BY_PATH = ['route53', 'cloudfront'];

/** Thrown for a request whose signature is for a service that is not here. */
export class AbsentService extends Error {
  readonly service: string;

  constructor(service: string) {
    super(`This lab has no service ${service}.`);
    this.service = service;
  }
}

/** The refusal; a client of the service reads it as an error of its own. */
export function refuseAbsent(absent: AbsentService, parts: SignedParts, requestId: string): AwsResponse {
  const { headers } = parts;
  const type = headers['content-type'] ?? '';
  const code = 'UnknownOperationException';
  if (headers['smithy-protocol'] === 'rpc-v2-cbor') {
    const body = cborOfTexts({ __type: code, message: absent.message });
    return { status: 400, headers: { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' }, body };
  }
  if (headers['x-amz-target'] !== undefined || /^application\/x-amz-json/.test(type)) {
    return json(400, /^application\/x-amz-json-1\.0/.test(type) ? '1.0' : '1.1', code, absent.message);
  }
  if (/^application\/x-www-form-urlencoded/.test(type) || /(^|&)Action=/.test(parts.rawQuery)) {
    return xml(400, 'InvalidAction', absent.message, requestId);
  }
  if (XML_BY_PATH.includes(absent.service)) return xml(404, 'UnknownOperation', absent.message, requestId);
  return json(404, undefined, code, absent.message);
}

function json(status: number, version: string | undefined, code: string, message: string): AwsResponse {
  return {
    status,
    headers: {
      'content-type': version ? `application/x-amz-json-${version}` : 'application/json',
      'x-amzn-errortype': code,
    },
    body: JSON.stringify({ __type: code, message }),
  };
}

function xml(status: number, code: string, message: string, requestId: string): AwsResponse {
  return {
    status,
    headers: { 'content-type': 'text/xml' },
    body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
  };
}

/** A map of texts of less than 256 bytes in CBOR (RFC 8949). */
function cborOfTexts(texts: Record<string, string>): Buffer {
  const entries = Object.entries(texts);
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value).subarray(0, 255);
    return Buffer.concat([Buffer.from([0x78, bytes.length]), bytes]);
  };
  return Buffer.concat([Buffer.from([0xa0 + entries.length]), ...entries.flat().map(text)]);
}
