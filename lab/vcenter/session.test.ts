import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { SoapFault, startTestVcenter, TestClient } from './testing-client.ts';

/** The code of the SOAP fault that a call ends in. */
async function faultOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SoapFault) return error.code;
  throw new Error(`No fault but ${String(error)}`);
}

const currentTime = (client: TestClient) => client.call('CurrentTime', 'ServiceInstance', 'ServiceInstance');

test('a stranger sees what the service is and nothing else', async () => {
  await using lab = await startTestVcenter();
  await using stranger = new TestClient(lab.vcenter.url);
  const [content] = await stranger.call('RetrieveServiceContent', 'ServiceInstance', 'ServiceInstance');
  expect(content.about).toMatchObject({ apiType: 'VirtualCenter', apiVersion: '8.0.2.0', version: '8.0.2' });
  expect(await faultOf(currentTime(stranger))).toBe('NotAuthenticated');
  expect(await faultOf(stranger.login('wrong'))).toBe('InvalidLogin');
  expect(stranger.cookie).toBeUndefined();
});

test('a session lives from login to logout', async () => {
  await using lab = await startTestVcenter();
  expect(lab.client.cookie).toMatch(/^vmware_soap_session="[^"]+"$/);
  await currentTime(lab.client);
  const active = (key: string) =>
    lab.client.call(
      'SessionIsActive',
      'SessionManager',
      'SessionManager',
      `<sessionID>${key}</sessionID><userName>administrator@vsphere.local</userName>`,
    );
  expect(await active(lab.client.sessionKey)).toEqual(['true']);
  expect(await active('somebody-else')).toEqual(['false']);
  const { currentSession } = await lab.client.properties('SessionManager', 'SessionManager', 'currentSession');
  expect(currentSession.key).toBe(lab.client.sessionKey);
  const cookie = lab.client.cookie;
  await lab.client.call('Logout', 'SessionManager', 'SessionManager');
  lab.client.cookie = cookie;
  expect(await faultOf(currentTime(lab.client))).toBe('NotAuthenticated');
});

test('a session that is idle for too long ends, and a call keeps it alive', async () => {
  await using lab = await startTestVcenter({ settings: { sessionIdleSeconds: 0.4 } });
  const [view] = await lab.client.call(
    'CreateContainerView',
    'ViewManager',
    'ViewManager',
    '<container type="Folder">group-d1</container><type>VirtualMachine</type><recursive>true</recursive>',
  );
  const started = Date.now();
  while (Date.now() - started < 600) await currentTime(lab.client);
  await lab.client.properties('ContainerView', view['#text'], 'view');
  await expect.poll(async () => (await lab.control('state')).sessions, { timeout: 3000 }).toBe(0);
  expect(await faultOf(currentTime(lab.client))).toBe('NotAuthenticated');
  await lab.client.login();
  expect(await faultOf(lab.client.properties('ContainerView', view['#text'], 'view'))).toBe('ManagedObjectNotFound');
});

test('control: sessions expire at once, the password changes, the server goes down and comes back', async () => {
  await using lab = await startTestVcenter();
  expect(await lab.control('expire-sessions')).toEqual({ ended: 1 });
  expect(await faultOf(currentTime(lab.client))).toBe('NotAuthenticated');
  await lab.control('password', { password: 'new' });
  expect(await faultOf(lab.client.login('lab'))).toBe('InvalidLogin');
  await lab.client.login('new');
  const time = async () => {
    await using fresh = new TestClient(lab.vcenter.url);
    fresh.cookie = lab.client.cookie;
    return await currentTime(fresh);
  };
  await lab.control('down');
  await expect(time()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  await lab.control('up');
  await time();
  await lab.control('down', { seconds: 0.05 });
  await expect.poll(async () => (await lab.control('state')).up).toBe(true);
  await time();
});

test('privileges are told and enforced', async () => {
  await using lab = await startTestVcenter();
  const ask = async () => {
    const args = `<entity type="Folder">group-d1</entity><sessionId>${lab.client.sessionKey}</sessionId><privId>VApp.Export</privId><privId>VirtualMachine.State.CreateSnapshot</privId><privId>No.Such</privId>`;
    const [answer] = await lab.client.call(
      'HasPrivilegeOnEntities',
      'AuthorizationManager',
      'AuthorizationManager',
      args,
    );
    return answer.privAvailability.map((one: { isGranted: string }) => one.isGranted);
  };
  expect(await ask()).toEqual(['true', 'true', 'false']);
  await lab.control('privileges', { missing: ['VirtualMachine.State.CreateSnapshot'] });
  expect(await ask()).toEqual(['true', 'false', 'false']);
  const refused = await lab.client.snapshot('vm-1').catch((error: SoapFault) => error);
  expect(refused).toMatchObject({
    code: 'NoPermission',
    detail: { privilegeId: 'VirtualMachine.State.CreateSnapshot', object: { '#text': 'vm-1' } },
  });
  await lab.control('privileges', { missing: [] });
  await lab.client.snapshot('vm-1');
});

test('the fingerprint is that of the certificate on the wire, and stays over a restart', async () => {
  await using lab = await startTestVcenter();
  const seen = await new Promise<string>((resolve, reject) => {
    const socket = connect({ port: lab.vcenter.port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate(true).raw).fingerprint256);
      socket.destroy();
    });
    socket.once('error', reject);
  });
  expect(lab.vcenter.fingerprint).toBe(seen);
  await lab.restart();
  expect(lab.vcenter.fingerprint).toBe(seen);
});
