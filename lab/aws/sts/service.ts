// The lab's STS: who am I, and temporary credentials for the account's role. Made by lab/aws/main.ts.
import { keyId, type LabAccount, makeSession } from '../account.ts';
import { applyFaults } from '../apply-faults.ts';
import type { LabAwsContext, LabAwsPart } from '../context.ts';
import { escapeXml } from '../errors.ts';
import { readSmallBody } from '../request-body.ts';
import { stateOf } from '../request-state.ts';
import { AwsError, type AwsRequest, type AwsResponse } from '../service.ts';

const LARGEST_REQUEST = 64 * 1024;
const SHORTEST_SESSION = 900;
/** A role's longest session where nothing else was set. */
const LONGEST_SESSION = 3600;

export function createSts(context: Pick<LabAwsContext, 'now'>, account: LabAccount): LabAwsPart {
  return {
    service: async (request) => {
      const parameters = new URLSearchParams(request.query);
      if (request.method === 'POST') {
        const body = await readSmallBody(request.body as AsyncIterable<Buffer>, LARGEST_REQUEST);
        for (const [name, value] of new URLSearchParams(body.toString())) parameters.set(name, value);
      }
      const action = parameters.get('Action') ?? '';
      await applyFaults(request, `sts:${action}`, { accessKeyId: request.accessKeyId });
      if (action === 'GetCallerIdentity') return callerIdentity(request, account);
      if (action === 'AssumeRole') return assumeRole(request, account, parameters, context.now());
      throw new AwsError(400, 'InvalidAction', `Could not find operation ${action} for version 2011-06-15`);
    },
    control: {},
    close: async () => {},
  };
}

function callerIdentity(request: AwsRequest, { account }: LabAccount): AwsResponse {
  const { arn = '', userId = '' } = stateOf(request)?.principal ?? {};
  const result = `<Arn>${escapeXml(arn)}</Arn><UserId>${escapeXml(userId)}</UserId><Account>${account}</Account>`;
  return answer(request, 'GetCallerIdentity', result);
}

function assumeRole(request: AwsRequest, account: LabAccount, parameters: URLSearchParams, now: Date): AwsResponse {
  const name = parameters.get('RoleSessionName') ?? '';
  const roleArn = parameters.get('RoleArn') ?? '';
  const seconds = Number(parameters.get('DurationSeconds') ?? LONGEST_SESSION);
  if (!/^[\w+=,.@-]{2,64}$/.test(name))
    throw new AwsError(400, 'ValidationError', `Value '${name}' at 'roleSessionName' failed to satisfy constraint`);
  if (!(seconds >= SHORTEST_SESSION && seconds <= LONGEST_SESSION))
    throw new AwsError(
      400,
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
  const caller = stateOf(request)?.principal.arn ?? '';
  if (roleArn !== account.role.arn || parameters.get('ExternalId') !== account.role.externalId)
    throw new AwsError(
      403,
      'AccessDenied',
      `User: ${caller} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
    );
  const roleId = `${keyId('AROA')}:${name}`;
  const arn = `${roleArn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/${name}`;
  const expires = now.getTime() + seconds * 1000;
  const session = makeSession(account, { arn, userId: roleId, expires });
  const expiration = new Date(expires).toISOString().replace(/\.\d+Z$/, 'Z');
  return answer(
    request,
    'AssumeRole',
    `<AssumedRoleUser><AssumedRoleId>${roleId}</AssumedRoleId><Arn>${escapeXml(arn)}</Arn></AssumedRoleUser>` +
      `<Credentials><AccessKeyId>${session.accessKeyId}</AccessKeyId><SecretAccessKey>${escapeXml(session.secretAccessKey)}</SecretAccessKey>` +
      `<SessionToken>${session.sessionToken}</SessionToken><Expiration>${expiration}</Expiration></Credentials>`,
  );
}

function answer(request: AwsRequest, action: string, result: string): AwsResponse {
  return {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${result}</${action}Result><ResponseMetadata><RequestId>${request.requestId}</RequestId></ResponseMetadata></${action}Response>`,
  };
}
