// The forms in which AWS's protocols tell errors: S3's XML, EC2's XML, the query protocol's XML (STS), and rest-json (EBS).
import type { AwsError, AwsRequest, AwsResponse } from './service.ts';

export type ServiceName = AwsRequest['service'];

/** The answer with which `service` tells `error`. `head` leaves the body out, as HEAD must. */
export function renderError(service: ServiceName, error: AwsError, requestId: string, head = false): AwsResponse {
  const headers: Record<string, string> = {};
  if (service === 'ebs') {
    headers['content-type'] = 'application/json';
    headers['x-amzn-errortype'] = error.code;
    const body = JSON.stringify({ Message: error.message, message: error.message, ...error.details });
    return { status: error.status, headers, body };
  }
  headers['content-type'] = service === 's3' ? 'application/xml' : 'text/xml;charset=UTF-8';
  if (head) return { status: error.status, headers };
  return {
    status: error.status,
    headers,
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${xmlOf(service, error, requestId)}`,
  };
}

function xmlOf(service: Exclude<ServiceName, 'ebs'>, error: AwsError, requestId: string): string {
  const told = `<Code>${escapeXml(error.code)}</Code><Message>${escapeXml(error.message)}</Message>`;
  const id = escapeXml(requestId);
  if (service === 'ec2')
    return `<Response><Errors><Error>${told}</Error></Errors><RequestID>${id}</RequestID></Response>`;
  if (service === 'sts') {
    const type = error.status < 500 ? 'Sender' : 'Receiver';
    return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>${type}</Type>${told}</Error><RequestId>${id}</RequestId></ErrorResponse>`;
  }
  const details = Object.entries(error.details).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  return `<Error>${told}${details.join('')}<RequestId>${id}</RequestId><HostId>lab</HostId></Error>`;
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** What went wrong with a request's credentials or signature. */
export type Refusal =
  | 'no-credentials'
  | 'malformed'
  | 'unknown-key'
  | 'invalid-token'
  | 'expired-token'
  | 'wrong-signature'
  | 'skewed'
  | 'presigned-expired';

const WRONG_SIGNATURE =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.';

const REFUSALS: Record<ServiceName, Record<Refusal, [status: number, code: string, message: string]>> = {
  s3: {
    'no-credentials': [403, 'AccessDenied', 'Access Denied'],
    malformed: [400, 'AuthorizationHeaderMalformed', 'The authorization header that you provided is not valid.'],
    'unknown-key': [403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.'],
    'invalid-token': [400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.'],
    'expired-token': [400, 'ExpiredToken', 'The provided token has expired.'],
    'wrong-signature': [403, 'SignatureDoesNotMatch', WRONG_SIGNATURE],
    skewed: [403, 'RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.'],
    'presigned-expired': [403, 'AccessDenied', 'Request has expired'],
  },
  ec2: {
    'no-credentials': [400, 'MissingAuthenticationToken', 'Request is missing Authentication Token'],
    malformed: [400, 'IncompleteSignature', 'The request signature does not conform to AWS standards.'],
    'unknown-key': [401, 'AuthFailure', 'AWS was not able to validate the provided access credentials'],
    'invalid-token': [401, 'AuthFailure', 'AWS was not able to validate the provided access credentials'],
    'expired-token': [400, 'RequestExpired', 'Request has expired.'],
    'wrong-signature': [401, 'AuthFailure', 'AWS was not able to validate the provided access credentials'],
    skewed: [400, 'RequestExpired', 'Request has expired.'],
    'presigned-expired': [400, 'RequestExpired', 'Request has expired.'],
  },
  ebs: {
    'no-credentials': [403, 'MissingAuthenticationTokenException', 'Missing Authentication Token'],
    malformed: [403, 'IncompleteSignatureException', 'The request signature does not conform to AWS standards.'],
    'unknown-key': [403, 'UnrecognizedClientException', 'The security token included in the request is invalid.'],
    'invalid-token': [403, 'UnrecognizedClientException', 'The security token included in the request is invalid.'],
    'expired-token': [403, 'ExpiredTokenException', 'The security token included in the request is expired'],
    'wrong-signature': [403, 'InvalidSignatureException', WRONG_SIGNATURE],
    skewed: [403, 'InvalidSignatureException', 'Signature expired or not yet current.'],
    'presigned-expired': [403, 'InvalidSignatureException', 'Signature expired.'],
  },
  sts: {
    'no-credentials': [403, 'MissingAuthenticationToken', 'Request is missing Authentication Token'],
    malformed: [400, 'IncompleteSignature', 'The request signature does not conform to AWS standards.'],
    'unknown-key': [403, 'InvalidClientTokenId', 'The security token included in the request is invalid.'],
    'invalid-token': [403, 'InvalidClientTokenId', 'The security token included in the request is invalid.'],
    'expired-token': [403, 'ExpiredToken', 'The security token included in the request is expired'],
    'wrong-signature': [403, 'SignatureDoesNotMatch', WRONG_SIGNATURE],
    skewed: [403, 'SignatureDoesNotMatch', 'Signature expired or not yet current.'],
    'presigned-expired': [403, 'SignatureDoesNotMatch', 'Signature expired.'],
  },
};

/** Status, code and message with which a service refuses a request. */
export function refusalOf(service: ServiceName, refusal: Refusal): [status: number, code: string, message: string] {
  return REFUSALS[service][refusal];
}
