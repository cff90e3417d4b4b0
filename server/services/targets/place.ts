// What may be said of a target's place.
import { z } from 'zod';
import { DEFAULT_PREFIX } from '../../../replication/model/target.ts';
import { placeFields } from '../../../replication/model/target-fields.ts';

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
