// Lifecycle rules of a bucket: read, checked, and really carried out by a sweep.
import { AwsError } from '../service.ts';
import type { BucketRecord, StoredObject } from './model.ts';
import type { S3Store } from './store.ts';
import { all, asTree, malformedXml, readXml, text, type XmlTree, type XmlValue } from './xml.ts';

const DAY = 24 * 3600 * 1000;

export interface LifecycleRule {
  id: string;
  enabled: boolean;
  prefix: string;
  tags: Record<string, string>;
  largerThan?: number;
  smallerThan?: number;
  expireAfterDays?: number;
  /** ISO 8601. */
  expireAt?: string;
  abortAfterDays?: number;
}

/** Reads a LifecycleConfiguration document; throws what S3 would say of a wrong one. */
export function readLifecycle(document: Buffer): LifecycleRule[] {
  const rules = all(readXml(document, 'LifecycleConfiguration').Rule).map((rule, at) => readRule(asTree(rule), at));
  if (rules.length === 0) throw malformedXml();
  if (rules.length > 1000)
    throw new AwsError(400, 'InvalidRequest', 'A lifecycle configuration has at most 1000 rules.');
  if (new Set(rules.map(({ id }) => id)).size < rules.length)
    throw new AwsError(400, 'InvalidArgument', 'Rule ID must be unique. Found same ID for more than one rule');
  return rules;
}

function readRule(rule: XmlTree, at: number): LifecycleRule {
  const status = text(rule.Status);
  if (status !== 'Enabled' && status !== 'Disabled') throw malformedXml();
  if (rule.Filter === undefined && rule.Prefix === undefined) throw malformedXml();
  const filter = asTree(rule.Filter);
  const and = asTree(filter.And);
  const tags = [...all(filter.Tag), ...all(and.Tag)].map(asTree);
  const expiration = asTree(rule.Expiration);
  const read: LifecycleRule = {
    id: text(rule.ID) ?? `rule-${at + 1}`,
    enabled: status === 'Enabled',
    prefix: text(rule.Prefix) ?? text(filter.Prefix) ?? text(and.Prefix) ?? '',
    tags: Object.fromEntries(tags.map((tag) => [text(tag.Key) ?? '', text(tag.Value) ?? ''])),
    largerThan: size(filter.ObjectSizeGreaterThan ?? and.ObjectSizeGreaterThan),
    smallerThan: size(filter.ObjectSizeLessThan ?? and.ObjectSizeLessThan),
    expireAfterDays: days(expiration.Days, "'Days' for Expiration action"),
    expireAt: text(expiration.Date),
    abortAfterDays: days(
      asTree(rule.AbortIncompleteMultipartUpload).DaysAfterInitiation,
      "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action",
    ),
  };
  const acts = ['Expiration', 'AbortIncompleteMultipartUpload', 'Transition', 'NoncurrentVersionExpiration'];
  if (!acts.some((name) => rule[name] !== undefined))
    throw new AwsError(400, 'InvalidRequest', 'At least one action needs to be specified in a rule');
  if (read.abortAfterDays !== undefined && tags.length > 0)
    throw new AwsError(400, 'InvalidRequest', 'AbortIncompleteMultipartUpload cannot be specified with Tags');
  return read;
}

function days(value: XmlValue, of: string): number | undefined {
  const given = text(value);
  if (given === undefined) return undefined;
  if (!/^-?\d{1,6}$/.test(given)) throw malformedXml();
  if (Number(given) < 1) throw new AwsError(400, 'InvalidArgument', `${of} must be a positive integer`);
  return Number(given);
}

function size(value: XmlValue): number | undefined {
  const given = text(value);
  return given === undefined ? undefined : Number(given);
}

function rulesOf(bucket: BucketRecord): LifecycleRule[] {
  const document = bucket.settings.lifecycle;
  return document === undefined ? [] : readLifecycle(Buffer.from(document)).filter(({ enabled }) => enabled);
}

/** S3 rounds up to the next midnight in UTC. */
function daysAfter(iso: string, count: number): number {
  return Math.ceil((Date.parse(iso) + count * DAY) / DAY) * DAY;
}

function expiryOf(rule: LifecycleRule, object: StoredObject): number | undefined {
  const falls =
    object.key.startsWith(rule.prefix) &&
    Object.entries(rule.tags).every(([name, value]) => object.tags[name] === value) &&
    object.size > (rule.largerThan ?? -1) &&
    object.size < (rule.smallerThan ?? Number.POSITIVE_INFINITY);
  if (!falls) return undefined;
  if (rule.expireAfterDays !== undefined) return daysAfter(object.modified, rule.expireAfterDays);
  return rule.expireAt === undefined ? undefined : Date.parse(rule.expireAt);
}

/** `x-amz-expiration`, when a rule will remove the object. */
export function expirationHeader(bucket: BucketRecord, object: StoredObject): Record<string, string> {
  const first = rulesOf(bucket)
    .map((rule) => ({ rule, at: expiryOf(rule, object) }))
    .filter((one): one is { rule: LifecycleRule; at: number } => one.at !== undefined)
    .sort((a, b) => a.at - b.at)[0];
  if (!first) return {};
  const date = new Date(first.at).toUTCString();
  return { 'x-amz-expiration': `expiry-date="${date}", rule-id="${encodeURIComponent(first.rule.id)}"` };
}

/** Removes what is over at this time; tells what it removed. */
export function sweepLifecycle(store: S3Store, now: Date): { expired: string[]; aborted: string[] } {
  const swept: { expired: string[]; aborted: string[] } = { expired: [], aborted: [] };
  for (const bucket of store.buckets()) {
    const rules = rulesOf(bucket);
    if (rules.length === 0) continue;
    for (const key of [...store.keysFrom(bucket.name, '')]) {
      const object = store.object(bucket.name, key)!;
      if (!rules.some((rule) => (expiryOf(rule, object) ?? Number.POSITIVE_INFINITY) <= now.getTime())) continue;
      store.removeObject(bucket.name, key);
      swept.expired.push(`${bucket.name}/${key}`);
    }
    for (const upload of store.uploads(bucket.name)) {
      const over = rules.some(
        ({ abortAfterDays, prefix }) =>
          abortAfterDays !== undefined &&
          upload.key.startsWith(prefix) &&
          daysAfter(upload.initiated, abortAfterDays) <= now.getTime(),
      );
      if (!over) continue;
      store.removeUpload(upload.id);
      swept.aborted.push(`${bucket.name}/${upload.key}`);
    }
  }
  return swept;
}
