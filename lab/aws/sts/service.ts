// The lab's STS: who am I, and temporary credentials for a role or for somebody whom a user vouches for. Made by lab/aws/main.ts.
import { createHash } from 'node:crypto';
import type { KeyPair } from '../account.ts';
import { applyFaults } from '../apply-faults.ts';
import { mustMay } from '../authorize.ts';
import type { LabAwsContext, LabAwsPart } from '../context.ts';
import { escapeXml } from '../errors.ts';
import type { Principal } from '../iam/decide.ts';
import type { Directory } from '../iam/directory.ts';
import { type PolicyDocument, policyDocument } from '../iam/policy.ts';
import { readSmallBody } from '../request-body.ts';
import { stateOf } from '../request-state.ts';
import { AwsError, type AwsRequest, type AwsResponse } from '../service.ts';

const LARGEST_REQUEST = 64 * 1024;
const SHORTEST_SESSION = 900;
/** Of a role that is assumed with the credentials of a role, and of a federated session of a root user. */
const LONGEST_CHAINED = 3600;
const LONGEST_FEDERATED = 129_600;
/** Characters of a session policy. */
const LONGEST_POLICY = 2048;

export function createSts(context: Pick<LabAwsContext, 'now'>, directory: Directory): LabAwsPart {
  return {
    service: async (request) => {
      const parameters = new URLSearchParams(request.query);
      if (request.method === 'POST') {
        const body = await readSmallBody(request.body as AsyncIterable<Buffer>, LARGEST_REQUEST);
        for (const [name, value] of new URLSearchParams(body.toString())) parameters.set(name, value);
      }
      const action = parameters.get('Action') ?? '';
      await applyFaults(request, `sts:${action}`, { accessKeyId: request.accessKeyId });
      // Nobody can be denied to learn who he is.
      if (action === 'GetCallerIdentity') return callerIdentity(request);
      if (action === 'AssumeRole') return assumeRole(request, directory, parameters, context.now());
      if (action === 'GetFederationToken') return federationToken(request, directory, parameters, context.now());
      throw new AwsError(400, 'InvalidAction', `Could not find operation ${action} for version 2011-06-15`);
    },
    control: {},
    close: async () => {},
  };
}

function callerOf(request: AwsRequest): Principal {
  const principal = stateOf(request)?.principal;
  if (!principal) throw new AwsError(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token');
  return principal;
}

function callerIdentity(request: AwsRequest): AwsResponse {
  const { arn, userId, account } = callerOf(request);
  const result = `<Arn>${escapeXml(arn)}</Arn><UserId>${escapeXml(userId)}</UserId><Account>${account}</Account>`;
  return answer(request, 'GetCallerIdentity', result);
}

function assumeRole(request: AwsRequest, directory: Directory, parameters: URLSearchParams, now: Date): AwsResponse {
  const caller = callerOf(request);
  const name = parameters.get('RoleSessionName') ?? '';
  const arn = parameters.get('RoleArn') ?? '';
  if (!/^[\w+=,.@-]{2,64}$/.test(name)) throw unfit('roleSessionName', name);
  const policies = readPolicy(parameters);
  const role = directory.role(arn);
  mustNotBeFederated(caller, 'AssumeRole', arn);
  // Of a role that does not exist AWS says the same as of one that trusts somebody else.
  mustMay(request, {
    action: 'sts:AssumeRole',
    resource: arn,
    resourceAccount: arn.split(':')[4],
    resourcePolicy: role?.trust ?? null,
    needsResourcePolicy: true,
    conditions: {
      'sts:ExternalId': parameters.get('ExternalId') ?? undefined,
      'sts:RoleSessionName': name,
    },
  });
  const most = caller.kind === 'assumed-role' ? LONGEST_CHAINED : (role?.maxSessionSeconds ?? LONGEST_CHAINED);
  const seconds = Number(parameters.get('DurationSeconds') ?? LONGEST_CHAINED);
  if (!(seconds >= SHORTEST_SESSION)) throw unfit('durationSeconds', String(seconds));
  if (seconds > most) {
    const message =
      caller.kind === 'assumed-role'
        ? 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining'
        : 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.';
    throw new AwsError(400, 'ValidationError', message);
  }
  const roleId = `AROA${createHash('sha256').update(arn).digest('hex').slice(0, 17).toUpperCase()}:${name}`;
  const sessionArn = `${arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/${name}`;
  const expires = directory.endOf(seconds, now);
  const session = directory.begin({
    kind: 'assumed-role',
    account: arn.split(':')[4] ?? '',
    arn: sessionArn,
    userId: roleId,
    issuer: arn,
    policies,
    expires,
  });
  const user = `<AssumedRoleUser><AssumedRoleId>${roleId}</AssumedRoleId><Arn>${escapeXml(sessionArn)}</Arn></AssumedRoleUser>`;
  return answer(request, 'AssumeRole', user + credentialsXml(session, expires) + packedXml(parameters));
}

function federationToken(
  request: AwsRequest,
  directory: Directory,
  parameters: URLSearchParams,
  now: Date,
): AwsResponse {
  const caller = callerOf(request);
  const name = parameters.get('Name') ?? '';
  if (caller.kind !== 'user') {
    throw new AwsError(403, 'AccessDenied', 'Cannot call GetFederationToken with session credentials');
  }
  if (!/^[\w+=,.@-]{2,32}$/.test(name)) throw unfit('name', name);
  const policies = readPolicy(parameters);
  const seconds = Number(parameters.get('DurationSeconds') ?? 43_200);
  if (!(seconds >= SHORTEST_SESSION && seconds <= LONGEST_FEDERATED)) throw unfit('durationSeconds', String(seconds));
  const arn = `arn:aws:sts::${caller.account}:federated-user/${name}`;
  mustMay(request, { action: 'sts:GetFederationToken', resource: arn });
  const expires = directory.endOf(seconds, now);
  const userId = `${caller.account}:${name}`;
  const session = directory.begin({
    kind: 'federated-user',
    account: caller.account,
    arn,
    userId,
    issuer: caller.issuer,
    // Without a policy such a session may do nothing.
    policies: policies ?? [],
    expires,
  });
  const user = `<FederatedUser><FederatedUserId>${userId}</FederatedUserId><Arn>${escapeXml(arn)}</Arn></FederatedUser>`;
  return answer(request, 'GetFederationToken', user + credentialsXml(session, expires) + packedXml(parameters));
}

/** A federated session calls nothing of STS but GetCallerIdentity. */
function mustNotBeFederated({ kind, arn }: Principal, action: string, resource: string): void {
  if (kind !== 'federated-user') return;
  const message = `User: ${arn} is not authorized to perform: sts:${action} on resource: ${resource}`;
  throw new AwsError(403, 'AccessDenied', message);
}

function readPolicy(parameters: URLSearchParams): PolicyDocument[] | null {
  const text = parameters.get('Policy');
  if (text === null) return null;
  if (text.length > LONGEST_POLICY) {
    const message = `1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to ${LONGEST_POLICY}`;
    throw new AwsError(400, 'ValidationError', message);
  }
  const parsed = policyDocument.safeParse(jsonOf(text));
  if (!parsed.success) {
    throw new AwsError(400, 'MalformedPolicyDocument', 'The policy is not in the valid JSON format.');
  }
  return [parsed.data];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unfit(member: string, value: string): AwsError {
  const message = `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint`;
  return new AwsError(400, 'ValidationError', message);
}

function credentialsXml(session: KeyPair & { sessionToken: string }, expires: number): string {
  const expiration = new Date(expires).toISOString().replace(/\.\d+Z$/, 'Z');
  return (
    `<Credentials><AccessKeyId>${session.accessKeyId}</AccessKeyId><SecretAccessKey>${escapeXml(session.secretAccessKey)}</SecretAccessKey>` +
    `<SessionToken>${session.sessionToken}</SessionToken><Expiration>${expiration}</Expiration></Credentials>`
  );
}

/** How much of the room for a session's policies is taken, in percent; AWS packs them in a way that it does not tell. */
function packedXml(parameters: URLSearchParams): string {
  const { length } = parameters.get('Policy') ?? '';
  if (length === 0) return '';
  return `<PackedPolicySize>${Math.ceil((length / LONGEST_POLICY) * 100)}</PackedPolicySize>`;
}

function answer(request: AwsRequest, action: string, result: string): AwsResponse {
  return {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${result}</${action}Result><ResponseMetadata><RequestId>${request.requestId}</RequestId></ResponseMetadata></${action}Response>`,
  };
}
