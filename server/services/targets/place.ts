// What may be said of a target's place.
import { z } from 'zod';
import { DIGEST_PREFIX } from '../../../replication/model/baseline.ts';
import { DEFAULT_PREFIX, targetEndpointsSchema } from '../../../replication/model/target.ts';

/** What a person may change of it; its account is that of who signs in. */
export const placeFields = {
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d+$/, 'A Region, such as eu-central-1'),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'Name of a bucket: 3 to 63 small letters, digits, dots and hyphens'),
  prefix: z
    .string()
    .max(200)
    .regex(/^[\w.-]+(\/[\w.-]+)*\/$/, 'Letters, digits and . _ - between slashes, with a slash at the end')
    .refine((prefix) => !prefix.startsWith(DIGEST_PREFIX), `Digests lie under ${DIGEST_PREFIX}`),
  endpoints: targetEndpointsSchema,
  importRole: z
    .string()
    .regex(/^[\w+=,.@-]{1,64}$/, 'Name of a role')
    .nullable(),
};

export const placeInput = z.object({
  ...placeFields,
  prefix: placeFields.prefix.default(DEFAULT_PREFIX),
  endpoints: placeFields.endpoints.default({}),
  importRole: placeFields.importRole.default(null),
  account: z
    .string()
    .regex(/^\d{12}$/, 'Twelve digits')
    .nullable()
    .default(null),
});
export type PlaceInput = z.output<typeof placeInput>;
