import { expect, test } from 'vitest';
import { FaultError, faultError, toFault } from '../../model/fault.ts';
import { AWS_FAULT_ROWS, type AwsFaultContext, awsFault, deniedAction, isTransient } from './faults.ts';

/** An error as the SDK's clients throw it. */
function sdkError(name: string, message: string, status: number): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status, requestId: 'req-1' } });
}

/** An error as a socket throws it. */
function socketError(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

const cases: [Error, string, string, boolean, AwsFaultContext?][] = [
  [sdkError('RequestTimeTooSkewed', 'The difference between…', 403), 'aws-credentials-refused', 'later', false],
  [sdkError('InvalidSignatureException', 'Signature expired: 20…', 403), 'aws-credentials-refused', 'later', false],
  [sdkError('ExpiredToken', 'The provided token has expired.', 400), 'aws-credentials-refused', 'later', false],
  [sdkError('SignatureDoesNotMatch', 'The request signature…', 403), 'aws-credentials-refused', 'later', false],
  [sdkError('AuthFailure', 'AWS was not able to validate…', 401), 'aws-credentials-refused', 'later', false],
  [
    Object.assign(new Error('Could not load credentials from any providers'), { name: 'CredentialsProviderError' }),
    'aws-credentials-missing',
    'later',
    false,
  ],
  [sdkError('OptInRequired', 'You are not subscribed to this service.', 403), 'aws-region-disabled', 'later', false],
  [sdkError('RegionDisabledException', 'STS is not activated…', 403), 'aws-region-disabled', 'later', false],
  [sdkError('UnrecognizedClientException', 'The security token…', 403), 'aws-credentials-refused', 'later', false],
  [
    sdkError(
      'InvalidParameter',
      'The service role vmimport provided does not exist or does not have sufficient permissions',
      400,
    ),
    'import-role-missing',
    'later',
    false,
    { refused: 'import-snapshot-failed' },
  ],
  [sdkError('AccessDenied', 'Access Denied', 403), 'aws-access-denied', 'later', false],
  [sdkError('403', 'UnknownError', 403), 'aws-access-denied', 'later', false],
  [sdkError('NoSuchBucket', 'The specified bucket does not exist', 404), 'staging-bucket-missing', 'later', false],
  [sdkError('PermanentRedirect', 'The bucket you are…', 301), 'staging-bucket-missing', 'later', false],
  [sdkError('SlowDown', 'Please reduce your request rate.', 503), 'aws-throttled', 'now', true],
  [sdkError('RequestLimitExceeded', 'Request limit exceeded.', 503), 'aws-throttled', 'now', true],
  [sdkError('ThrottlingException', 'Rate exceeded', 400), 'aws-throttled', 'now', true],
  [sdkError('InsufficientInstanceCapacity', 'We currently do not…', 500), 'launch-refused', 'later', false],
  [sdkError('VcpuLimitExceeded', 'You have requested more…', 400), 'aws-limit', 'later', false],
  [sdkError('SnapshotLimitExceeded', 'The maximum permitted snapshot…', 400), 'aws-limit', 'later', false],
  [sdkError('ResourceCountLimitExceeded', 'Too many tasks', 400), 'aws-busy', 'later', false],
  [
    sdkError(
      'InvalidParameter',
      "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.",
      400,
    ),
    'image-not-shareable',
    'never',
    false,
  ],
  [
    sdkError('OperationNotPermitted', 'Encrypted snapshots with EBS default key cannot be shared', 400),
    'image-not-shareable',
    'never',
    false,
  ],
  [
    sdkError('InvalidRequest', 'You do not have permission to access the storage of this ami', 400),
    'image-copy-failed',
    'later',
    false,
  ],
  [sdkError('ResourceLimitExceeded', 'Too many snapshot copies in progress.', 400), 'aws-busy', 'later', false],
  [sdkError('ConcurrentLimitExceededException', 'You have reached…', 400), 'aws-busy', 'later', false],
  [sdkError('ServiceQuotaExceededException', 'Your current…', 402), 'aws-busy', 'later', false],
  [socketError('SELF_SIGNED_CERT_IN_CHAIN'), 'aws-unreachable', 'later', false],
  [socketError('ENOTFOUND'), 'aws-unreachable', 'now', true],
  [socketError('ECONNRESET', 'socket hang up'), 'aws-unreachable', 'now', true],
  [Object.assign(new Error('slow'), { name: 'TimeoutError' }), 'aws-unreachable', 'now', true],
  [
    sdkError('Error', 'aborted\n  Deserialization error: to see the raw response…', 200),
    'aws-unreachable',
    'now',
    true,
  ],
  [sdkError('RequestTimeout', 'Your socket connection…', 400), 'aws-unreachable', 'now', true],
  [sdkError('BadDigest', 'The CRC32 you specified…', 400), 'staging-failed', 'now', true],
  [sdkError('NoSuchUpload', 'The specified upload…', 404), 'staging-failed', 'now', false],
  [sdkError('IdempotentParameterMismatch', 'Request parameters…', 400), 'aws-fault', 'never', false],
  [sdkError('InternalError', 'We encountered…', 500), 'aws-unreachable', 'now', true],
  [
    sdkError('InvalidAMIName.Duplicate', 'AMI name x is in use', 400),
    'image-refused',
    'later',
    false,
    { refused: 'image-refused' },
  ],
  [sdkError('InvalidParameterValue', 'Invalid value', 400), 'aws-fault', 'later', false],
  [new TypeError('x is not a function'), 'internal', 'later', false],
];

test.each(cases)('%s is %s, retry %s', (error, code, retry, transient, context) => {
  const told = awsFault(error, context);
  expect(told.fault).toMatchObject({ code, retry });
  expect(told.cause).toBe(error);
  expect(told.fault.cause).toContain(error.message);
  expect(isTransient(error)).toBe(transient);
});

test('every row of the table is reached by a case, and says where it comes from', () => {
  for (const row of AWS_FAULT_ROWS) {
    expect(row.source.length, row.id).toBeGreaterThan(10);
    const first = cases.some(([error]) => {
      const signature = {
        code: error.name,
        status: (error as { $metadata?: { httpStatusCode: number } }).$metadata?.httpStatusCode ?? 0,
        message: error.message,
        network: (error as { code?: string }).code ?? '',
      };
      return AWS_FAULT_ROWS.find((candidate) => candidate.matches(signature)) === row;
    });
    expect(first, row.id).toBe(true);
  }
});

test('a refusal names the action that the text names, else the one that was called', () => {
  const text =
    'You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/x is not authorized to perform: ec2:CreateTags on resource: arn:aws:ec2:eu-central-1:123456789012:image/* because no identity-based policy allows the ec2:CreateTags action.';
  expect(deniedAction(text)).toBe('ec2:CreateTags');
  const named = awsFault(sdkError('UnauthorizedOperation', text, 403), { action: 'ec2:RegisterImage' });
  expect(named.fault.message).toBe('The AWS identity may not do ec2:CreateTags.');
  expect(named.fault.remedy).toContain('ec2:CreateTags');
  const bare = awsFault(sdkError('AccessDenied', 'Access Denied', 403), { action: 's3:PutObject' });
  expect(bare.fault.message).toContain('s3:PutObject');
  const clock = awsFault(sdkError('RequestTimeTooSkewed', 'x', 403));
  expect(clock.fault.remedy).toContain('clock');
});

test('a fault goes through untouched, and the SDK’s error stays reachable', () => {
  const known = faultError('license-not-allowed');
  expect(awsFault(known)).toBe(known);
  const wrapped = awsFault(sdkError('SlowDown', 'Please reduce your request rate.', 503), { action: 's3:PutObject' });
  expect(wrapped).toBeInstanceOf(FaultError);
  expect(toFault(wrapped).cause).toBe(
    'SlowDown: Please reduce your request rate. (s3:PutObject, HTTP 503, request req-1)',
  );
});

const SCP = 'arn:aws:organizations::111122223333:policy/o-exampleorg/service_control_policy/p-example1';
const denied = (reason: string, action = 'ec2:RunInstances') =>
  `User: arn:aws:iam::111122223333:user/x is not authorized to perform: ${action} on resource: arn:aws:ec2:eu-west-1::i/* ${reason}`;

test.each<[string, string, RegExp, RegExp]>([
  [
    'nobody',
    denied('because no identity-based policy allows the ec2:RunInstances action'),
    /RunInstances\.$/,
    /^Add ec2:Run/,
  ],
  [
    'the identity',
    denied('with an explicit deny in an identity-based policy'),
    /identity itself denies/,
    /Deny statement/,
  ],
  [
    'an SCP',
    denied(`with an explicit deny in a service control policy: ${SCP}.`),
    /\(.*p-example1\) denies/,
    /AWS Organizations.*does not help/,
  ],
  [
    'an SCP that lacks it',
    denied('because no service control policy allows the ec2:RunInstances action'),
    /does not allow/,
    /Organizations/,
  ],
  ['an RCP', denied('with an explicit deny in a resource control policy'), /resource control policy/, /Organizations/],
  [
    'a boundary',
    denied('because no permissions boundary allows the ec2:RunInstances action'),
    /boundary/,
    /to the permissions boundary/,
  ],
  ['a boundary that denies', denied('with an explicit deny in a permissions boundary'), /boundary/, /out of the Deny/],
  ['a session', denied('because no session policy allows the ec2:RunInstances action'), /session/, /role is assumed/],
  [
    'a bucket',
    denied('with an explicit deny in a resource-based policy', 's3:PutObject'),
    /policy of the bucket denies/,
    /Except this/,
  ],
  [
    'a key',
    denied('because no resource-based policy allows the kms:Decrypt action', 'kms:Decrypt'),
    /KMS key/,
    /Allow this identity kms:Decrypt/,
  ],
  [
    'an endpoint',
    denied('because no VPC endpoint policy allows the ec2:RunInstances action'),
    /VPC endpoint/,
    /policy of the VPC endpoint/,
  ],
  ['nobody who is named', 'Access Denied', /may not do s3:PutObject\.$/, /bucket policy/],
  [
    'one in a code',
    'You are not authorized. Encoded authorization failure message: 4Ai9q',
    /s3:PutObject/,
    /decode-authorization-message/,
  ],
])('a call that %s denies: the remedy says so', (_who, text, message, remedy) => {
  const told = awsFault(sdkError('AccessDenied', text, 403), { action: 's3:PutObject' }).fault;
  expect(told).toMatchObject({ code: 'aws-access-denied', message: expect.stringMatching(message) });
  expect(told.remedy).toMatch(remedy);
});

test('an access key that is unknown in an opt-in Region may be a Region that is not enabled', () => {
  const unknown = sdkError('AuthFailure', 'AWS was not able to validate the provided access credentials', 401);
  expect(awsFault(unknown, { region: 'ap-east-1' }).fault.code).toBe('aws-region-disabled');
  expect(awsFault(unknown, { region: 'eu-central-1' }).fault.code).toBe('aws-credentials-refused');
  expect(awsFault(unknown, { region: 'us-gov-west-1' }).fault.code).toBe('aws-credentials-refused');
  for (const code of ['SignatureDoesNotMatch', 'InvalidSignatureException']) {
    const wrong = awsFault(sdkError(code, 'The request signature we calculated does not match…', 403), {
      region: 'ap-east-1',
    });
    expect(wrong.fault.code, code).toBe('aws-credentials-refused');
  }
});
