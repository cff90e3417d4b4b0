// Makes the rules of lab/faults fall on a request of the lab's AWS, and counts requests per operation.
import { setTimeout as sleep } from 'node:timers/promises';
import { stateOf } from './request-state.ts';
import { AwsError, type AwsRequest } from './service.ts';

/**
 * To be called by a service exactly once (and awaited), as soon as it knows the operation and before it reads the body or changes anything.
 * `operation` as in the fault rules (`s3:UploadPart`). Throws AwsError for `fail`, waits for `delay`, never comes back for
 * `hang` until the client goes, hangs up for `cut` at 0 bytes; `rate` and later cuts are then applied by the front door to the
 * request's and the response's body. Without a front door (a service called directly) it does nothing.
 */
export async function applyFaults(
  request: AwsRequest,
  operation: string,
  attributes: Record<string, string> = {},
): Promise<void> {
  const state = stateOf(request);
  if (!state) return;
  state.operation = operation;
  state.attributes = attributes;
  state.onOperation();
  for (const effect of state.faults.take('aws', operation, attributes)) {
    switch (effect.kind) {
      case 'fail':
        throw new AwsError(
          effect.status ?? statusOf(effect.code),
          effect.code,
          effect.message ?? messages[effect.code] ?? `The lab was told to fail with ${effect.code}.`,
        );
      case 'delay':
        state.stream.delayMsPerChunk = effect.ms;
        await sleep(effect.ms, undefined, { signal: request.signal });
        break;
      case 'rate':
        state.stream.bytesPerSecond = effect.bytesPerSecond;
        break;
      case 'cut':
        if (effect.afterBytes === 0) {
          state.hangUp();
          throw new AwsError(500, 'InternalError', 'The lab was told to close this connection.');
        }
        state.stream.cutAfterBytes = effect.afterBytes;
        break;
      case 'hang':
        await clientGone(request.signal);
        throw new AwsError(500, 'InternalError', 'The lab was told never to answer.');
    }
  }
}

const messages: Record<string, string> = {
  SlowDown: 'Please reduce your request rate.',
  InternalError: 'We encountered an internal error. Please try again.',
  ServiceUnavailable: 'Service is unable to handle request.',
  RequestLimitExceeded: 'Request limit exceeded.',
  ThrottlingException: 'Rate exceeded',
  RequestThrottledException: 'Rate exceeded',
  AccessDenied: 'Access Denied',
  AccessDeniedException: 'User is not authorized to perform this operation.',
  UnauthorizedOperation: 'You are not authorized to perform this operation.',
  NoSuchKey: 'The specified key does not exist.',
  NoSuchBucket: 'The specified bucket does not exist',
  NoSuchUpload:
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
};

/** The status that AWS sends with a code when the rule names none. */
function statusOf(code: string): number {
  if (/^(SlowDown|ServiceUnavailable|RequestLimitExceeded|Unavailable)$/.test(code)) return 503;
  if (/^(InternalError|InternalServerException|InternalFailure)$/.test(code)) return 500;
  if (
    /^(AccessDenied|AccessDeniedException|UnauthorizedOperation|InvalidAccessKeyId|SignatureDoesNotMatch)$/.test(code)
  )
    return 403;
  if (/^(NoSuchKey|NoSuchBucket|NoSuchUpload|ResourceNotFoundException)$/.test(code)) return 404;
  return 400;
}

function clientGone(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
