import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import {
  CreateKeyPairCommand,
  DeleteKeyPairCommand,
  DescribeKeyPairsCommand,
  ImportKeyPairCommand,
} from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { failure } from '../testing-lab-aws.ts';
import { startCloudLab } from './testing-driving.ts';

test('key pairs are made, brought, found and deleted, and stay over a restart', async () => {
  await using lab = await startCloudLab();
  let ec2 = lab.ec2();
  const rsa = await ec2.send(new CreateKeyPairCommand({ KeyName: 'mine' }));
  const key = createPrivateKey(rsa.KeyMaterial!);
  const digest = createHash('sha1')
    .update(key.export({ type: 'pkcs8', format: 'der' }))
    .digest('hex');
  expect(rsa.KeyFingerprint).toBe(digest.match(/../g)!.join(':'));
  const again = ec2.send(new CreateKeyPairCommand({ KeyName: 'mine' }));
  expect((await failure(again)).name).toBe('InvalidKeyPair.Duplicate');
  const ed = await ec2.send(new CreateKeyPairCommand({ KeyName: 'ed', KeyType: 'ed25519' }));
  expect(ed.KeyMaterial).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----\n/);

  const described = await ec2.send(new DescribeKeyPairsCommand({ KeyNames: ['mine'], IncludePublicKey: true }));
  const publicKey = described.KeyPairs![0]!.PublicKey!;
  expect(publicKey).toMatch(/^ssh-rsa AAAA\S+ mine$/);
  const brought = await ec2.send(
    new ImportKeyPairCommand({ KeyName: 'brought', PublicKeyMaterial: Buffer.from(publicKey) }),
  );
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  expect(brought.KeyFingerprint).toBe(createHash('md5').update(spki).digest('hex').match(/../g)!.join(':'));
  const bad = ec2.send(new ImportKeyPairCommand({ KeyName: 'bad', PublicKeyMaterial: Buffer.from('ssh-rsa AAAA') }));
  expect((await failure(bad)).name).toBe('InvalidKey.Format');

  await lab.restart();
  ec2 = lab.ec2();
  const names = async () =>
    (await ec2.send(new DescribeKeyPairsCommand({}))).KeyPairs!.map(({ KeyName }) => KeyName!).sort();
  expect(await names()).toEqual(['brought', 'ed', 'lab-key', 'mine', 'operations']);
  await ec2.send(new DeleteKeyPairCommand({ KeyPairId: ed.KeyPairId! }));
  await ec2.send(new DeleteKeyPairCommand({ KeyName: 'lab-key' }));
  await ec2.send(new DeleteKeyPairCommand({ KeyName: 'never there' }));
  expect(await names()).toEqual(['brought', 'mine', 'operations']);
});
