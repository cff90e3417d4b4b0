// Decides whose a request is: finds the key, checks clock, scope and signature.
import { createHash } from 'node:crypto';
import { AbsentService } from './absent-services.ts';
import { type Refusal, refusalOf, type ServiceName } from './errors.ts';
import type { Principal } from './iam/decide.ts';
import type { Directory } from './iam/directory.ts';
import { AwsError } from './service.ts';
import {
  type ChunkSigner,
  type Claim,
  readClaim,
  type SignedParts,
  scopeOf,
  signatureFits,
  signingKey,
  timeOf,
  unsignedHeader,
} from './sigv4.ts';

const LARGEST_SKEW = 15 * 60 * 1000;
const PAYLOAD_FORMS =
  /^([0-9a-f]{64}|UNSIGNED-PAYLOAD|STREAMING-UNSIGNED-PAYLOAD-TRAILER|STREAMING-AWS4-HMAC-SHA256-PAYLOAD(-TRAILER)?)$/;

/** Some of the Regions that an account must enable before it uses them; the lab's enables none but its own. */
const OPT_IN =
  /^(af-south-1|ap-east-[12]|ap-south-2|ap-southeast-[3-7]|ca-west-1|eu-central-2|eu-south-[12]|il-central-1|me-(south|central)-1|mx-central-1)$/;

export interface Authenticated {
  principal: Principal;
  claim: Claim;
  /** As signed: a hash in hex, or one of S3's words. */
  payloadHash: string;
  signer: ChunkSigner;
}

/** The service and the claim; a request that cannot be read is S3's, as an anonymous one would be. */
export function claimOf(parts: SignedParts): { service: ServiceName; claim: Claim | undefined | 'malformed' } {
  const claim = readClaim(parts);
  if (claim === undefined || claim === 'malformed') return { service: guess(parts), claim };
  const service = (['s3', 'ec2', 'ebs', 'sts'] as const).find((name) => name === claim.service);
  if (!service) throw new AbsentService(claim.service);
  return { service, claim };
}

function guess(parts: SignedParts): ServiceName {
  if (/\/s3\/aws4_request/.test(parts.headers.authorization ?? '')) return 's3';
  if (/^\/snapshots(\/|$)/.test(parts.rawPath)) return 'ebs';
  if (parts.method === 'POST' && parts.headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
    return 'ec2';
  return 's3';
}

/** Throws AwsError in the words of `service`. `body` reads the whole body, for requests that do not say its hash. */
export async function authenticate(
  directory: Directory,
  service: ServiceName,
  claim: Claim | undefined | 'malformed',
  parts: SignedParts,
  now: Date,
  body: () => Promise<Buffer>,
): Promise<Authenticated> {
  if (claim === undefined) throw refuse(service, 'no-credentials');
  if (claim === 'malformed') throw refuse(service, 'malformed');
  const key = directory.findKey(claim.accessKeyId, claim.sessionToken, now);
  if (typeof key === 'string') throw refuse(service, key, { AWSAccessKeyId: claim.accessKeyId });
  // Where a Region was never enabled AWS knows nobody's key. S3 looks at the bucket's Region first.
  const own = directory.accounts.find(({ account }) => account === key.principal.account)?.region;
  if (service !== 's3' && claim.region !== own && OPT_IN.test(claim.region)) throw refuse(service, 'unknown-key');
  checkTime(service, claim, now);
  if (service === 's3' && claim.expires === undefined) {
    const header = unsignedHeader(claim, parts.headers);
    if (header !== undefined) {
      const message = 'There were headers present in the request which were not signed';
      throw new AwsError(403, 'AccessDenied', message, { HeadersNotSigned: header });
    }
  }
  const payloadHash = await signedPayload(service, claim, parts, body);
  const derived = signingKey(key.secretAccessKey, claim);
  const fits =
    signatureFits(derived, claim, parts, payloadHash) ||
    // Blocks of EBS direct may go unsigned without a header that says so.
    (service === 'ebs' && signatureFits(derived, claim, parts, 'UNSIGNED-PAYLOAD'));
  if (!fits) throw refuse(service, 'wrong-signature');
  return {
    principal: key.principal,
    claim,
    payloadHash,
    signer: { key: derived, timestamp: claim.timestamp, scope: scopeOf(claim), seed: claim.signature },
  };
}

function checkTime(service: ServiceName, claim: Claim, now: Date): void {
  const age = now.getTime() - timeOf(claim.timestamp);
  if (claim.expires === undefined) {
    if (Math.abs(age) > LARGEST_SKEW)
      throw refuse(service, 'skewed', {
        RequestTime: claim.timestamp,
        ServerTime: now.toISOString(),
        MaxAllowedSkewMilliseconds: String(LARGEST_SKEW),
      });
    return;
  }
  if (age > claim.expires * 1000) throw refuse(service, 'presigned-expired');
  if (age < -LARGEST_SKEW) throw refuse(service, 'skewed');
}

async function signedPayload(
  service: ServiceName,
  claim: Claim,
  parts: SignedParts,
  body: () => Promise<Buffer>,
): Promise<string> {
  const stated = parts.headers['x-amz-content-sha256'];
  if (stated !== undefined) {
    if (PAYLOAD_FORMS.test(stated)) return stated;
    const message =
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.';
    throw new AwsError(400, 'InvalidArgument', message);
  }
  if (service === 's3') {
    if (claim.expires !== undefined) return 'UNSIGNED-PAYLOAD';
    throw new AwsError(400, 'InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  return createHash('sha256')
    .update(await body())
    .digest('hex');
}

function refuse(service: ServiceName, refusal: Refusal, details: Record<string, string> = {}): AwsError {
  const [status, code, message] = refusalOf(service, refusal);
  return new AwsError(status, code, message, service === 's3' ? details : {});
}
