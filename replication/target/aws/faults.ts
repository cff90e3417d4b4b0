// AWS's errors as faults: one ordered table from what the SDK throws to our codes. Pure.
// Everybody outside this folder sees FaultError.

import { describeCause, type Fault, type FaultCode, FaultError, fault } from '../../model/fault.ts';
import { denialWords } from './denial.ts';

/** What the table looks at, taken from any error that the SDK or a socket may throw. */
export interface AwsSignature {
  /** AWS's error code (`NoSuchBucket`), or the error's name. */
  code: string;
  /** HTTP status; 0 when there was no answer. */
  status: number;
  /** AWS's own words. */
  message: string;
  /** Code of the socket or TLS error (`ECONNRESET`), else empty. */
  network: string;
}

export interface AwsFaultContext {
  /** The IAM action of the call (`ec2:RunInstances`), for refusals that do not name it. */
  action?: string;
  /** The code for a refusal that the table does not know (`image-refused`, `launch-refused`…). */
  refused?: FaultCode;
  /** Of the call: in a Region that is not enabled AWS knows no access key. */
  region?: string;
}

export interface FaultRow {
  id: string;
  matches(signature: AwsSignature): boolean;
  code: FaultCode;
  message?: string;
  remedy?: string;
  retry?: Fault['retry'];
  /** Whether the very same request may be sent again at once. */
  transient?: boolean;
  /** Where these names and texts come from. */
  source: string;
}

const codes =
  (...names: string[]) =>
  (signature: AwsSignature) =>
    names.includes(signature.code);

const CLOCK_REMEDY =
  'Correct the clock of this machine (run an NTP client): AWS refuses requests that are more than a few minutes off.';

/** The first row that matches decides. */
export const AWS_FAULT_ROWS: readonly FaultRow[] = [
  {
    id: 'clock-skewed',
    matches: (s) =>
      codes('RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture', 'InvalidSignatureTime')(s) ||
      (/^(InvalidSignatureException|SignatureDoesNotMatch|AuthFailure)$/.test(s.code) &&
        /signature (has )?expired|not yet current|clock/i.test(s.message)),
    code: 'aws-credentials-refused',
    message: 'AWS refused the request because the clock of this machine is wrong.',
    remedy: CLOCK_REMEDY,
    source: 'S3 error list (RequestTimeTooSkewed); EC2 and IAM common errors (RequestExpired); SDK clock-skew codes',
  },
  {
    id: 'token-expired',
    matches: codes('ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired'),
    code: 'aws-credentials-refused',
    message: 'The temporary credentials of the AWS target have expired.',
    remedy: 'Give the AWS target new temporary credentials, or a lasting access key.',
    source: 'S3 error list (ExpiredToken, TokenRefreshRequired); STS and EBS direct (ExpiredTokenException)',
  },
  {
    id: 'region-disabled',
    matches: (s) =>
      codes('OptInRequired', 'RegionDisabledException')(s) ||
      /region\b.*\b(is|was) (not enabled|disabled|not opted)/i.test(s.message),
    code: 'aws-region-disabled',
    source: 'EC2 client errors (OptInRequired); STS API, AssumeRole (RegionDisabledException)',
  },
  {
    id: 'credentials-refused',
    matches: codes(
      'InvalidAccessKeyId',
      'SignatureDoesNotMatch',
      'InvalidSignatureException',
      'AuthFailure',
      'InvalidClientTokenId',
      'UnrecognizedClientException',
      'InvalidToken',
      'IncompleteSignature',
      'IncompleteSignatureException',
      'MissingAuthenticationToken',
      'MissingAuthenticationTokenException',
    ),
    code: 'aws-credentials-refused',
    source: 'S3 error list; EC2 client errors (AuthFailure); IAM common errors; EBS direct model (UnrecognizedClient)',
  },
  {
    id: 'credentials-missing',
    matches: codes('CredentialsProviderError'),
    code: 'aws-credentials-missing',
    source: "the SDK's credential providers, when none of the default chain finds any",
  },
  {
    id: 'import-role',
    matches: (s) => /service role .*(does not exist|insufficient|not have sufficient)/i.test(s.message),
    code: 'import-role-missing',
    source: 'VM Import/Export user guide, troubleshooting: "The service role vmimport provided does not exist or…"',
  },
  {
    id: 'access-denied',
    matches: (s) =>
      codes('AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'AllAccessDisabled')(s) ||
      // A HEAD request's refusal has no body, so the SDK has nothing but the status.
      (s.status === 403 && /^(403|Forbidden|Unknown|UnknownError|Error)$/.test(s.code)),
    code: 'aws-access-denied',
    source: 'S3 error list; EC2 client errors (UnauthorizedOperation); EBS direct model (AccessDeniedException)',
  },
  {
    id: 'not-shareable',
    matches: (s) => /encrypted .*(AWS Managed CMK|EBS default key).* (can.t|cannot) be shared/i.test(s.message),
    code: 'image-not-shareable',
    source:
      'ModifyImageAttribute, InvalidParameter (hashicorp/packer#7410, DataDog/stratus-red-team#109); ' +
      'ModifySnapshotAttribute, OperationNotPermitted (hashicorp/packer#7499)',
  },
  {
    id: 'storage-not-shared',
    matches: (s) => /permission to access the storage of this ami/i.test(s.message),
    code: 'image-copy-failed',
    message: 'The account may not read the snapshots of the AMI.',
    source: 'CopyImage of an AMI whose snapshots were not shared (awslabs/amazon-eks-ami#52)',
  },
  {
    id: 'bucket-missing',
    matches: codes('NoSuchBucket', 'InvalidBucketName'),
    code: 'staging-bucket-missing',
    source: 'S3 error list',
  },
  {
    id: 'bucket-elsewhere',
    matches: (s) =>
      codes('PermanentRedirect', 'TemporaryRedirect', 'IllegalLocationConstraintException')(s) ||
      (s.code === 'AuthorizationHeaderMalformed' && /region/i.test(s.message)) ||
      s.status === 301,
    code: 'staging-bucket-missing',
    message: 'The staging bucket is in another Region than the AWS target.',
    remedy: 'Name a bucket in the Region of the AWS target: ImportSnapshot reads only from a bucket of its own Region.',
    source: 'S3 error list (PermanentRedirect 301, AuthorizationHeaderMalformed)',
  },
  {
    id: 'throttled',
    matches: (s) =>
      codes(
        'SlowDown',
        'RequestLimitExceeded',
        'EC2ThrottledException',
        'RequestThrottledException',
        'RequestThrottled',
        'BandwidthLimitExceeded',
        'PriorRequestNotComplete',
        'TransactionInProgressException',
      )(s) ||
      /^(Throttl|TooManyRequests)/.test(s.code) ||
      s.status === 429,
    code: 'aws-throttled',
    transient: true,
    source: "the SDK's own list of throttling codes; EBS direct API (RequestThrottledException)",
  },
  {
    id: 'no-capacity',
    matches: codes('InsufficientInstanceCapacity', 'InsufficientHostCapacity', 'InsufficientReservedInstanceCapacity'),
    code: 'launch-refused',
    remedy: 'Choose another instance type, or a subnet in another Availability Zone.',
    retry: 'later',
    source: 'EC2 server errors',
  },
  {
    id: 'no-room',
    matches: (s) =>
      codes(
        'ResourceCountLimitExceeded',
        'ConcurrentLimitExceededException',
        'ConcurrentSnapshotLimitExceeded',
        'PendingSnapshotLimitExceeded',
        'ServiceQuotaExceededException',
      )(s) ||
      // Limits of what may be under way at once share their code with limits of what may exist.
      (/^(Resource|Snapshot)?LimitExceeded$/.test(s.code) && /in progress|conversion task|concurrent/i.test(s.message)),
    code: 'aws-busy',
    source:
      'EC2 client errors (ConcurrentSnapshotLimitExceeded, PendingSnapshotLimitExceeded, ResourceCountLimitExceeded); ' +
      'EBS direct model (ConcurrentLimitExceededException, ServiceQuotaExceededException); ' +
      'aws-samples/copy-encrypted-ami#3 (ResourceLimitExceeded: Too many snapshot copies in progress)',
  },
  {
    id: 'instance-quota',
    matches: codes('InstanceLimitExceeded', 'VcpuLimitExceeded', 'MaxSpotInstanceCountExceeded'),
    code: 'aws-limit',
    message: 'The AWS account may not run more instances of this kind.',
    remedy:
      'Ask for more vCPUs of this kind of instance in Service Quotas (Amazon EC2, Running On-Demand instances), end instances that nobody needs, or choose a smaller type.',
    source: 'EC2 client errors (InstanceLimitExceeded, VcpuLimitExceeded, MaxSpotInstanceCountExceeded)',
  },
  {
    id: 'limit',
    matches: (s) => /(LimitExceeded|QuotaExceeded|CountExceeded|TooManySnapshots)(Exception)?$/.test(s.code),
    code: 'aws-limit',
    source: 'EC2 client errors (SnapshotLimitExceeded, VolumeLimitExceeded, AttachmentLimitExceeded…)',
  },
  {
    id: 'certificate',
    matches: (s) => /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|EPROTO/.test(s.network),
    code: 'aws-unreachable',
    message: 'The certificate of the AWS endpoint is not trusted.',
    remedy: 'If a proxy opens TLS connections, give its certificate to this process with NODE_EXTRA_CA_CERTS.',
    retry: 'later',
    source: 'Node.js TLS error codes',
  },
  {
    id: 'name-unknown',
    matches: (s) => /^(ENOTFOUND|EAI_AGAIN|EAI_FAIL)$/.test(s.network),
    code: 'aws-unreachable',
    message: 'The name of the AWS endpoint cannot be resolved.',
    remedy: 'Check the name service of this machine, the Region and the endpoints of the AWS target.',
    transient: true,
    source: 'getaddrinfo(3) through Node.js',
  },
  {
    id: 'timed-out',
    matches: codes('TimeoutError', 'RequestTimeout', 'RequestTimeoutException', 'NetworkingError'),
    code: 'aws-unreachable',
    message: 'AWS did not answer in time.',
    transient: true,
    source: 'S3 error list (RequestTimeout, status 400); the SDK\u2019s HTTP handler (TimeoutError)',
  },
  {
    id: 'connection-lost',
    matches: (s) =>
      /^(ECONNRESET|ECONNREFUSED|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|UND_ERR_SOCKET|ERR_STREAM_PREMATURE_CLOSE)$/.test(
        s.network,
      ) ||
      (s.status === 0 && /socket hang up|premature close|aborted/i.test(s.message)),
    code: 'aws-unreachable',
    transient: true,
    source: 'Node.js system errors',
  },
  {
    id: 'answer-broken',
    matches: (s) => /Deserialization error/.test(s.message),
    code: 'aws-unreachable',
    message: "AWS's answer broke off on the way.",
    transient: true,
    source: "the SDK's deserializer middleware (smithy-typescript), which adds these words",
  },
  {
    id: 'damaged-in-transit',
    matches: codes('BadDigest', 'XAmzContentSHA256Mismatch', 'IncompleteBody', 'XAmzContentChecksumMismatch'),
    code: 'staging-failed',
    message: 'Bytes were damaged on their way to the staging bucket.',
    transient: true,
    source: 'S3 error list',
  },
  {
    id: 'upload-gone',
    matches: codes('NoSuchUpload', 'InvalidPart', 'InvalidPartOrder', 'EntityTooSmall', 'EntityTooLarge', 'NoSuchKey'),
    code: 'staging-failed',
    source: 'S3 error list',
  },
  {
    id: 'token-reused',
    matches: codes('IdempotentParameterMismatch', 'ConflictException'),
    code: 'aws-fault',
    message: 'AWS already knows this request under the same token, but with other parameters.',
    retry: 'never',
    source: 'EC2 client errors (IdempotentParameterMismatch); EBS direct model (ConflictException)',
  },
  {
    id: 'server-error',
    matches: (s) => s.status >= 500 || codes('InternalError', 'InternalFailure', 'ServiceUnavailable')(s),
    code: 'aws-unreachable',
    message: 'AWS is there, but cannot do what it is asked for just now.',
    remedy: 'Nothing to do: it is tried again. If this lasts, look at the health of AWS in the Region.',
    transient: true,
    source: 'S3, EC2 and EBS direct: status 500, 502, 503, 504',
  },
];

/** Takes apart what the SDK threw. The SDK wraps socket errors now and then, so causes are looked at too. */
export function awsSignature(error: unknown): AwsSignature {
  const signature: AwsSignature = { code: '', status: 0, message: '', network: '' };
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth += 1) {
    const seen = at as Error & { Code?: string; code?: unknown; $metadata?: { httpStatusCode?: number } };
    signature.code ||= seen.Code ?? seen.name;
    signature.status ||= seen.$metadata?.httpStatusCode ?? 0;
    signature.message ||= seen.message;
    if (typeof seen.code === 'string' && !seen.$metadata?.httpStatusCode) signature.network ||= seen.code;
  }
  return signature;
}

/** The row that an error falls under; undefined for a refusal that is special to its call. */
export function awsFaultRow(error: unknown): FaultRow | undefined {
  const signature = awsSignature(error);
  return AWS_FAULT_ROWS.find((row) => row.matches(signature));
}

/** Whether sending the very same request again may help at once. */
export function isTransient(error: unknown): boolean {
  return awsFaultRow(error)?.transient === true;
}

/** Whether an answer came whose body cannot be read: it broke off on the way, so what it would have said is not known. */
export function isBrokenAnswer(error: unknown): boolean {
  return awsFaultRow(error)?.id === 'answer-broken';
}

/** Whether the clock was wrong: the SDK corrects its own clock by the answer, so that one more try goes through. */
export function isClockSkew(error: unknown): boolean {
  return awsFaultRow(error)?.id === 'clock-skewed';
}

/** The error that AWS answered with, by its code. */
export function hasAwsCode(error: unknown, pattern: RegExp): boolean {
  const cause = error instanceof FaultError ? error.cause : error;
  return pattern.test(awsSignature(cause).code);
}

/** What happened, for a person. A FaultError goes through untouched; the SDK's error stays as its cause. */
export function awsFault(error: unknown, context: AwsFaultContext = {}): FaultError {
  if (error instanceof FaultError) return error;
  const signature = awsSignature(error);
  const row = AWS_FAULT_ROWS.find((candidate) => candidate.matches(signature));
  const cause = awsWords(error, context);
  if (row?.id === 'access-denied') {
    const action = deniedAction(signature.message) ?? context.action;
    const named = action ? denialWords(action, signature.message) : {};
    return new FaultError(fault('aws-access-denied', { ...named, cause }), { cause: error });
  }
  if (isKeyUnknown(signature) && context.region && isOptInRegion(context.region)) {
    const { region } = context;
    const message = `AWS does not take the access key in ${region}, a Region that an account must enable before it is used.`;
    return new FaultError(fault('aws-region-disabled', { message, cause }), { cause: error });
  }
  if (!(error instanceof Error) || (!row && signature.status === 0 && !signature.network)) {
    return new FaultError(fault('internal', { cause }), { cause: error });
  }
  const code = row?.code ?? context.refused ?? 'aws-fault';
  const { message, remedy, retry } = row ?? {};
  const details = { ...(message && { message }), ...(remedy && { remedy }), ...(retry && { retry }), cause };
  return new FaultError(fault(code, details), { cause: error });
}

/** Where a Region is not enabled nobody's key is known; a wrong secret, or no key at all, is what it says it is. */
const isKeyUnknown = codes(
  'InvalidAccessKeyId',
  'AuthFailure',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'InvalidToken',
);

/**
 * Whether an account must enable the Region first: all that AWS opened after 20 March 2019, so the list of the others does not
 * grow (AWS Account Management reference guide, "Enable or disable AWS Regions"). GovCloud and China stand apart.
 */
function isOptInRegion(region: string): boolean {
  return /^[a-z]{2}-[a-z]+-\d+$/.test(region) && !region.startsWith('cn-') && !ALWAYS_ENABLED.has(region);
}

const ALWAYS_ENABLED = new Set(
  [
    ['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'ca-central-1', 'sa-east-1'],
    ['eu-central-1', 'eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-north-1'],
    ['ap-south-1', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-southeast-1', 'ap-southeast-2'],
  ].flat(),
);

/** The action that a refusal names; IAM's texts say "is not authorized to perform: ec2:RunInstances on resource…". */
export function deniedAction(text: string): string | undefined {
  return /perform:? ([a-z][a-z0-9-]*:[A-Za-z*]+)/.exec(text)?.[1];
}

/** AWS's own words with code, status and request id, untranslated. */
function awsWords(error: unknown, context: AwsFaultContext): string {
  const { code, status, message, network } = awsSignature(error);
  if (!(error instanceof Error) || (!status && !network)) return describeCause(error);
  const id = (error as { $metadata?: { requestId?: string } }).$metadata?.requestId;
  const where = [context.action, status ? `HTTP ${status}` : network, id && `request ${id}`].filter(Boolean).join(', ');
  return `${code}: ${message} (${where})`;
}
