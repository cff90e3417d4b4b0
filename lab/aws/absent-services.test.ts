import { expect, it } from 'vitest';
import { startTestLab } from './testing-lab-aws.ts';

it('an absent service refuses in the protocol of the request, not in the XML of S3', async () => {
  await using lab = await startTestLab();
  const ask = async (service: string, headers: Record<string, string>, body?: string, path = '/') => {
    const scope = `${lab.aws.credentials.accessKeyId}/20261130/${lab.aws.region}/${service}/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;
    const response = await fetch(`${lab.aws.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization, 'x-amz-date': '20261130T120000Z', ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const type = response.headers.get('content-type');
    return {
      status: response.status,
      type,
      kind: response.headers.get('x-amzn-errortype'),
      text: await response.text(),
    };
  };
  for (const version of ['1.0', '1.1']) {
    const type = `application/x-amz-json-${version}`;
    const answer = await ask('ecs', { 'content-type': type, 'x-amz-target': 'Ecs.ListClusters' }, '{}');
    expect(answer).toMatchObject({ status: 400, type, kind: 'UnknownOperationException' });
    expect(JSON.parse(answer.text)).toEqual({
      __type: 'UnknownOperationException',
      message: 'This lab has no service ecs.',
    });
  }
  const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const query = await ask('iam', form, 'Action=ListRoles&Version=2010-05-08');
  expect(query).toMatchObject({ status: 400, type: 'text/xml' });
  expect(query.text).toMatch(
    /^<ErrorResponse><Error><Type>Sender<\/Type><Code>InvalidAction<\/Code><Message>This lab has no service iam\./,
  );
  const cbor = await ask('monitoring', { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' }, '');
  expect(cbor).toMatchObject({ status: 400, type: 'application/cbor' });
  expect(cbor.text).toContain('UnknownOperationException');
  expect(await ask('lambda', {}, undefined, '/2015-03-31/functions/')).toMatchObject({
    status: 404,
    type: 'application/json',
    kind: 'UnknownOperationException',
  });
  expect(await ask('route53', {}, undefined, '/2013-04-01/hostedzone')).toMatchObject({
    status: 404,
    type: 'text/xml',
  });
  expect(lab.lines).toEqual([]);
});
