// What a change of a target amounts to: which fields become others, and from when on that counts. Writes nothing.
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { faultError } from '../../../replication/model/fault.ts';
import {
  type Counts,
  isTargetField,
  TARGET_FIELDS,
  type TargetField,
  type TargetFields,
  targetFieldsSchema,
} from '../../../replication/model/target-fields.ts';
import { checkUse, settingsOf } from './settings.ts';
import type { FoundTarget } from './store.ts';

/** What is left out stays as it is. */
export const targetChangeInput = z.object({
  targetId: z.string(),
  /** The one that the person has seen; another one is refused. Without it whatever is there is changed. */
  version: z.number().int().optional(),
  ...targetFieldsSchema.partial().shape,
});
export type TargetChange = z.output<typeof targetChangeInput>;

export function fieldsOf({ target, place }: FoundTarget): TargetFields {
  const { region, bucket, prefix, endpoints, importRole } = place;
  return { name: target.name, region, bucket, prefix, endpoints, importRole, ...settingsOf(target) };
}

export interface ChangedField {
  field: TargetField;
  counts: Counts;
}

/** The target as it would be, and what becomes another. @throws `input-invalid` when its parts do not go together */
export function changed(
  found: FoundTarget,
  { targetId: _id, version: _version, ...wanted }: TargetChange,
): { after: TargetFields; changes: ChangedField[] } {
  const before = fieldsOf(found);
  const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
  const after: TargetFields = { ...before, ...given };
  const changes = Object.keys(given)
    .filter(isTargetField)
    .filter((field) => field in before && !isDeepStrictEqual(plain(before, field), plain(after, field)))
    .map((field) => ({ field, counts: TARGET_FIELDS[field] }));
  if (changes.length === 0) return { after: before, changes };
  checkUse(after, { region: after.region, account: found.place.account });
  const subnetStays = before.launchDefaults && after.launchDefaults?.subnetId === before.launchDefaults.subnetId;
  if (after.region !== before.region && subnetStays)
    throw faultError('input-invalid', {
      message: `The default launch settings name the subnet ${before.launchDefaults?.subnetId} of ${before.region}, and the target goes to ${after.region}.`,
      remedy: 'Choose a subnet and security groups of the new Region, or launch without default settings.',
    });
  return { after, changes };
}

/** An address that is left out and one that is undefined are the same. */
const plain = (of: TargetFields, field: string) => JSON.parse(JSON.stringify(of[field as keyof TargetFields] ?? null));
