// The refusals that many EC2 operations share, with AWS's codes.
import { AwsError } from '../service.ts';
import type { Parameters } from './query.ts';
import type { Tags } from './state.ts';

interface IdKind {
  prefix: RegExp;
  malformed: string;
  notFound: string;
  noun: string;
}

const kinds = {
  snapshot: {
    prefix: /^snap-/,
    malformed: 'InvalidSnapshotID.Malformed',
    notFound: 'InvalidSnapshot.NotFound',
    noun: 'snapshot',
  },
  image: { prefix: /^ami-/, malformed: 'InvalidAMIID.Malformed', notFound: 'InvalidAMIID.NotFound', noun: 'image id' },
  instance: {
    prefix: /^i-/,
    malformed: 'InvalidInstanceID.Malformed',
    notFound: 'InvalidInstanceID.NotFound',
    noun: 'instance ID',
  },
  volume: {
    prefix: /^vol-/,
    malformed: 'InvalidVolumeID.Malformed',
    notFound: 'InvalidVolume.NotFound',
    noun: 'volume',
  },
  subnet: {
    prefix: /^subnet-/,
    malformed: 'InvalidSubnetID.Malformed',
    notFound: 'InvalidSubnetID.NotFound',
    noun: 'subnet ID',
  },
  vpc: { prefix: /^vpc-/, malformed: 'InvalidVpcID.Malformed', notFound: 'InvalidVpcID.NotFound', noun: 'vpc ID' },
  group: {
    prefix: /^sg-/,
    malformed: 'InvalidGroupId.Malformed',
    notFound: 'InvalidGroup.NotFound',
    noun: 'security group',
  },
  networkInterface: {
    prefix: /^eni-/,
    malformed: 'InvalidNetworkInterfaceID.Malformed',
    notFound: 'InvalidNetworkInterfaceID.NotFound',
    noun: 'networkInterface ID',
  },
  importSnapshot: {
    prefix: /^import-snap-/,
    malformed: 'InvalidConversionTaskId.Malformed',
    notFound: 'InvalidConversionTaskId.NotFound',
    noun: 'import task',
  },
  importImage: {
    prefix: /^import-ami-/,
    malformed: 'InvalidConversionTaskId.Malformed',
    notFound: 'InvalidConversionTaskId.NotFound',
    noun: 'import task',
  },
} satisfies Record<string, IdKind>;

export type IdKindName = keyof typeof kinds;

/** Refuses an id whose form is wrong; the answer of AWS for `snap-x`. */
export function checkForm(kind: IdKindName, id: string): void {
  const { prefix, malformed, noun } = kinds[kind];
  if (!prefix.test(id) || !/^([0-9a-f]{8}|[0-9a-f]{17})$/.test(id.replace(prefix, ''))) {
    throw new AwsError(400, malformed, `Invalid id: "${id}" (the ${noun} is malformed)`);
  }
}

/** The record of an id, or AWS's refusal. */
export function found<T>(kind: IdKindName, id: string, record: T | undefined): T {
  checkForm(kind, id);
  if (record === undefined) {
    const { notFound, noun } = kinds[kind];
    const told = kind === 'image' ? `[${id}]` : id;
    throw new AwsError(400, notFound, `The ${noun} '${told}' does not exist`);
  }
  return record;
}

/** A description: printable ASCII, at most 255 characters. Spaces at its ends are refused too, so that nobody leans on them. */
export function readDescription(parameters: Parameters): string {
  const text = parameters.text('Description') ?? '';
  const refused = (why: string) => invalid(`Value (${text}) for parameter Description is invalid. ${why}`);
  if (text.length > 255) throw refused('Length exceeds maximum of 255.');
  if (/[^ -~]/.test(text)) throw refused('Character sets beyond ASCII are not supported.');
  if (text !== text.trim()) throw refused('It must not begin or end with a space.');
  return text;
}

export function invalid(message: string): AwsError {
  return new AwsError(400, 'InvalidParameterValue', message);
}

/** To be called when the request was found to be good and before anything changes. */
export function endDryRun(parameters: Parameters): void {
  if (parameters.flag('DryRun')) {
    throw new AwsError(412, 'DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
  }
}

/** Tags of one resource type from `TagSpecification.n`; refuses other types than the operation takes. */
export function tagsFor(parameters: Parameters, allowed: readonly string[]): Record<string, Tags> {
  const byType: Record<string, Tags> = {};
  for (const specification of parameters.structures('TagSpecification')) {
    const type = specification.required('ResourceType');
    if (!allowed.includes(type)) {
      throw invalid(`'${type}' is not a valid taggable resource type for this operation.`);
    }
    const tags = readTags(specification);
    byType[type] = { ...byType[type], ...tags };
  }
  return byType;
}

/** `Tag.n.Key` and `Tag.n.Value`, checked. */
export function readTags(parameters: Parameters): Tags {
  const tags: Tags = {};
  for (const tag of parameters.structures('Tag')) {
    const key = tag.required('Key');
    if (key.length > 128) throw invalid('Tag key exceeds the maximum length of 128 characters');
    if (/^aws:/i.test(key)) throw invalid(`Tag keys starting with 'aws:' are reserved for internal use`);
    if (key in tags) throw invalid(`Duplicate tag key '${key}' specified.`);
    const value = tag.text('Value') ?? '';
    if (value.length > 256) throw invalid('Tag value exceeds the maximum length of 256 characters');
    tags[key] = value;
  }
  if (Object.keys(tags).length > 50) throw tooManyTags();
  return tags;
}

export function tooManyTags(): AwsError {
  return new AwsError(400, 'TagLimitExceeded', 'More than 50 tags were specified.');
}

/** The request without its token, to tell a repeated request from another one with the same token. */
export function fingerprint(body: ReadonlyMap<string, string>): string {
  const without = [...body].filter(([name]) => !['ClientToken', 'DryRun', 'Version', 'Action'].includes(name));
  return JSON.stringify(without.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Same token, other parameters. */
export function tokenMismatch(): AwsError {
  return new AwsError(
    400,
    'IdempotentParameterMismatch',
    'The request uses the same client token as a previous, but non-identical request.',
  );
}
