// What EC2's adapters share about names: tags, tokens, devices. Pure. For this folder only.
import { createHash } from 'node:crypto';
import type { ResourceType, TagSpecification } from '@aws-sdk/client-ec2';
import { faultError } from '../../model/fault.ts';

export function toTags(tags: Record<string, string>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
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

/** Descriptions of images and tasks: at most 255 characters. */
export function shortText(text: string): string {
  return text.slice(0, 255);
}

/** The root device of every AMI that we make: what VM Import itself uses, and the only one that Windows takes. */
export const ROOT_DEVICE = '/dev/sda1';
// EC2 recommends f to p for data volumes; b to e are last because they may stand for instance store.
const DATA_LETTERS = [...'fghijklmnopqrstuvwxyz', ...'bcde'];

/**
 * Device names for disks in boot order: the first (lowest `order`) is the root, the others follow from /dev/sdf.
 * The guest's own names do not follow from these: under NVMe and Xen the guest names its disks itself.
 */
export function withDevices<D extends { order: number }>(disks: readonly D[]): { disk: D; device: string }[] {
  if (disks.length === 0) throw faultError('internal', { message: 'An AMI needs at least one disk.' });
  if (disks.length > DATA_LETTERS.length + 1) {
    throw faultError('disk-unsupported', {
      message: `The server has ${disks.length} disks; an AMI holds at most ${DATA_LETTERS.length + 1}.`,
    });
  }
  const inOrder = [...disks].sort((a, b) => a.order - b.order);
  return inOrder.map((disk, at) => ({ disk, device: at === 0 ? ROOT_DEVICE : `/dev/sd${DATA_LETTERS[at - 1]}` }));
}

/** A name that RegisterImage takes: 3–128 characters of its own set. The same text gives the same name. */
export function imageName(text: string): string {
  const name = text.replace(/[^A-Za-z0-9 ()[\]./'@_-]/g, '-').slice(0, 128);
  return name.padEnd(3, '-');
}

/** Splits ids into the batches that one describe call takes. */
export function batches<T>(items: readonly T[], size: number): T[][] {
  const found: T[][] = [];
  for (let at = 0; at < items.length; at += size) found.push(items.slice(at, at + size));
  return found;
}
