// What leaves for AWS by name: descriptions, tags, tokens, devices, each reduced to what its field takes. Pure.
import { createHash } from 'node:crypto';
import type { ResourceType, TagSpecification } from '@aws-sdk/client-ec2';
import { faultError } from '../../model/fault.ts';

const LONGEST = { description: 255, imageName: 128 };
/** A tag's value: EBS direct takes one character less than EC2. */
const LONGEST_TAG_VALUE = { ec2: 256, ebs: 255 };

/**
 * Tags as AWS takes them. A value may hold any character, so the true name of a server stands here; only what no XML can
 * carry is left out, and what is too long is cut (EC2 user guide, tag restrictions; EBS direct model, TagValue).
 */
export function toTags(tags: Record<string, string>, of: 'ec2' | 'ebs' = 'ec2'): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, value]) => ({
    Key,
    Value: cut(value.toWellFormed().replace(/[\p{Cc}\uFFFE\uFFFF]/gu, ' '), LONGEST_TAG_VALUE[of]),
  }));
}

export function fromTags(
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = [],
): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** TagSpecifications for one resource type; nothing when there are no tags, since EC2 refuses empty ones. */
export function tagged(
  types: ResourceType[],
  tags: Record<string, string>,
): { TagSpecifications?: TagSpecification[] } {
  const Tags = toTags(tags);
  if (Tags.length === 0) return {};
  return { TagSpecifications: types.map((ResourceType) => ({ ResourceType, Tags })) };
}

/** EC2 takes tokens of at most 64 characters. The same token always gives the same answer here. */
export function clientToken(token: string): string {
  return token.length <= 64 ? token : createHash('sha256').update(token).digest('hex');
}

/**
 * Descriptions of images, snapshots and import tasks: printable ASCII without spaces at its ends, at most 255 characters.
 * EC2 refuses anything else ("Character sets beyond ASCII are not supported"), after hours of copying.
 */
export function description(text: string): string {
  return cut(ascii(text).replace(/\s+/g, ' ').trim(), LONGEST.description).trimEnd();
}

/** Letters without their accents, and a question mark for each character that ASCII has no letter for. */
function ascii(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replaceAll('ß', 'ss')
    .replace(/[‐-―−]/g, '-')
    .replace(/\p{Cc}/gu, ' ')
    .replace(/[^ -~]/gu, '?');
}

/** At most `most` UTF-16 units, never half a character. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  let kept = '';
  for (const character of text) {
    if (kept.length + character.length > most) break;
    kept += character;
  }
  return kept;
}

/** The root device of every AMI that we make: what VM Import itself uses, and the only one that Windows takes. */
export const ROOT_DEVICE = '/dev/sda1';
// EC2 recommends f to p for data volumes; b to e are last of their kind because they may stand for instance store. Beyond
// them the names of two letters that HVM has for EBS volumes (EC2 user guide, device names for volumes: /dev/xvd[b-c][a-z]).
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
const DATA_DEVICES = [
  ...[...'fghijklmnopqrstuvwxyz', ...'bcde'].map((letter) => `/dev/sd${letter}`),
  ...['b', 'c'].flatMap((first) => LETTERS.map((second) => `/dev/xvd${first}${second}`)),
];
/** Volumes that an AMI of ours can map. */
export const MOST_VOLUMES = DATA_DEVICES.length + 1;

/**
 * Device names for disks in boot order: the first (lowest `order`) is the root, the others follow from /dev/sdf.
 * The guest's own names do not follow from these: under NVMe and Xen the guest names its disks itself.
 */
export function withDevices<D extends { order: number }>(disks: readonly D[]): { disk: D; device: string }[] {
  if (disks.length === 0) throw faultError('internal', { message: 'An AMI needs at least one disk.' });
  if (disks.length > MOST_VOLUMES) {
    throw faultError('disk-unsupported', {
      message: `The server has ${disks.length} disks; an AMI holds at most ${MOST_VOLUMES}.`,
    });
  }
  const inOrder = [...disks].sort((a, b) => a.order - b.order);
  return inOrder.map((disk, at) => ({ disk, device: at === 0 ? ROOT_DEVICE : (DATA_DEVICES[at - 1] as string) }));
}

/**
 * A name that RegisterImage takes: 3–128 characters of its own set. `id` makes it the only one of its account and Region
 * and is never cut. The same texts give the same name.
 */
export function imageName(text: string, id = ''): string {
  const allowed = (part: string) => ascii(part).replace(/[^A-Za-z0-9 ()[\]./'@_-]/g, '-');
  const ending = id && ` ${allowed(id)}`;
  const beginning = allowed(text)
    .trim()
    .slice(0, LONGEST.imageName - ending.length)
    .trimEnd();
  return `${beginning}${ending}`.trim().padEnd(3, '-');
}

/** Splits ids into the batches that one describe call takes. */
export function batches<T>(items: readonly T[], size: number): T[][] {
  const found: T[][] = [];
  for (let at = 0; at < items.length; at += size) found.push(items.slice(at, at + size));
  return found;
}
