// Key pairs: those that the account was born with, and those that are made, brought and deleted.
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { AwsError } from '../service.ts';
import { newId } from '../snapshots/store.ts';
import { applyFilters, tagSet } from './describe.ts';
import { networkOf } from './network.ts';
import { privateKeyText, rsaOf, sshPublicKey } from './open-ssh-key.ts';
import type { Parameters, Xml } from './query.ts';
import { endDryRun, invalid, tagsFor } from './refusals.ts';
import type { Action, Ec2, KeyPairRecord } from './state.ts';

/** All that the account has. */
function keyPairs(ec2: Ec2): KeyPairRecord[] {
  const { keyPairs: made, deletedKeys, fixtureTags } = ec2.state;
  const born = networkOf(ec2).keys.filter(({ id }) => !deletedKeys.includes(id));
  return [
    ...born.map((key) => ({
      ...key,
      type: 'ed25519',
      created: '2026-01-01T00:00:00.000Z',
      tags: fixtureTags[key.id] ?? {},
    })),
    ...Object.values(made),
  ];
}

/** A key pair by its name, or AWS's refusal. */
export function keyByName(ec2: Ec2, name: string): KeyPairRecord {
  const key = keyPairs(ec2).find((other) => other.name === name);
  if (!key) throw new AwsError(400, 'InvalidKeyPair.NotFound', `The key pair '${name}' does not exist`);
  return key;
}

export function keyPairActions(ec2: Ec2): Record<string, Action> {
  const { state } = ec2;
  const keep = (parameters: Parameters, key: Pick<KeyPairRecord, 'name' | 'fingerprint' | 'type' | 'publicKey'>) => {
    const record: KeyPairRecord = {
      ...key,
      id: newId('key'),
      created: ec2.context.now().toISOString(),
      tags: tagsFor(parameters, ['key-pair'])['key-pair'] ?? {},
    };
    endDryRun(parameters);
    state.keyPairs[record.id] = record;
    state.save();
    return record;
  };
  return {
    DescribeKeyPairs(parameters) {
      const names = parameters.list('KeyName');
      const ids = parameters.list('KeyPairId');
      const all = keyPairs(ec2);
      for (const name of names) keyByName(ec2, name);
      for (const id of ids) if (!all.some((key) => key.id === id)) throw unknownId(id);
      const withKey = parameters.flag('IncludePublicKey') ?? false;
      const show = (key: KeyPairRecord): Xml => ({
        keyPairId: key.id,
        keyName: key.name,
        keyFingerprint: key.fingerprint,
        keyType: key.type,
        createTime: key.created,
        publicKey: withKey ? key.publicKey : undefined,
        tagSet: tagSet(key.tags),
      });
      const left = applyFilters(all, parameters, {}, { as: 'keyPair', xml: show });
      const named = ({ id, name }: KeyPairRecord) => names.includes(name) || ids.includes(id);
      return { keySet: left.filter((key) => (!names.length && !ids.length) || named(key)).map(show) };
    },

    CreateKeyPair(parameters) {
      const name = freeName(ec2, parameters);
      const type = parameters.text('KeyType') ?? 'rsa';
      if (!['rsa', 'ed25519'].includes(type)) throw invalid(`Invalid value '${type}' for KeyType.`);
      const format = parameters.text('KeyFormat') ?? 'pem';
      if (format !== 'pem') {
        throw new AwsError(400, 'UnsupportedOperation', 'This is a lab: it makes private keys in the format pem only.');
      }
      const pair =
        type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519');
      const publicKey = `${sshPublicKey(pair.publicKey)} ${name}`;
      const record = keep(parameters, { name, type, publicKey, fingerprint: fingerprintOfMade(pair, publicKey) });
      return { ...shortly(record), keyMaterial: privateKeyText(pair.privateKey, name) };
    },

    ImportKeyPair(parameters) {
      const name = freeName(ec2, parameters);
      const text = Buffer.from(parameters.required('PublicKeyMaterial'), 'base64').toString('utf8').trim();
      const [word = '', blob = ''] = text.split(/\s+/);
      const bytes = Buffer.from(blob, 'base64');
      const inner = bytes.length > 4 ? bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('latin1') : '';
      const type = new Map([
        ['ssh-rsa', 'rsa'],
        ['ssh-ed25519', 'ed25519'],
      ]).get(word);
      if (!type || inner !== word)
        throw new AwsError(400, 'InvalidKey.Format', 'Key is not in valid OpenSSH public key format');
      return shortly(
        keep(parameters, { name, type, publicKey: `${word} ${blob} ${name}`, fingerprint: fingerprintOf(bytes, type) }),
      );
    },

    DeleteKeyPair(parameters) {
      const name = parameters.text('KeyName');
      const id = parameters.text('KeyPairId');
      if (!name && !id) throw new AwsError(400, 'MissingParameter', 'The request must contain the parameter KeyName');
      const key = keyPairs(ec2).find((one) => one.id === id || one.name === name);
      endDryRun(parameters);
      // An absent one is no error.
      if (!key) return { return: true };
      if (state.keyPairs[key.id]) delete state.keyPairs[key.id];
      else state.deletedKeys.push(key.id);
      state.save();
      return { return: true, keyPairId: key.id };
    },
  };
}

function freeName(ec2: Ec2, parameters: Parameters): string {
  const name = parameters.required('KeyName');
  if (name.length > 255 || /[^ -~]/.test(name)) throw invalid(`Value (${name}) for parameter KeyName is invalid.`);
  if (keyPairs(ec2).some((key) => key.name === name)) {
    throw new AwsError(400, 'InvalidKeyPair.Duplicate', `The keypair already exists: '${name}'`);
  }
  return name;
}

function unknownId(id: string): AwsError {
  return new AwsError(400, 'InvalidKeyPair.NotFound', `The key pair ID '${id}' does not exist`);
}

function shortly({ id, name, fingerprint, tags }: KeyPairRecord): { [name: string]: Xml } {
  return { keyPairId: id, keyName: name, keyFingerprint: fingerprint, tagSet: tagSet(tags) };
}

/** EC2 user guide: SHA-1 of the private key's PKCS#8 for RSA that it made, SHA-256 of OpenSSH's public key for ED25519. */
function fingerprintOfMade(pair: { privateKey: KeyObject }, publicKey: string): string {
  if (pair.privateKey.asymmetricKeyType === 'ed25519')
    return fingerprintOf(Buffer.from(publicKey.split(' ')[1] ?? '', 'base64'), 'ed25519');
  return inPairs(
    createHash('sha1')
      .update(pair.privateKey.export({ type: 'pkcs8', format: 'der' }))
      .digest('hex'),
  );
}

/** Of a key that was brought: MD5 of the public key for RSA. */
function fingerprintOf(blob: Buffer, type: string): string {
  if (type === 'ed25519') return createHash('sha256').update(blob).digest('base64');
  return inPairs(
    createHash('md5')
      .update(rsaOf(blob).export({ type: 'spki', format: 'der' }))
      .digest('hex'),
  );
}

function inPairs(hex: string): string {
  return (hex.match(/../g) ?? []).join(':');
}
