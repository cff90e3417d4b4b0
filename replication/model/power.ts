// Switching a server at its source on and off, for a cutover and its roll-back. Pure.
import { z } from 'zod';
import { foreignString } from './foreign-text.ts';

/** shut-down asks the guest; power-off takes the power away; power-on starts the server again. */
export const powerActionSchema = z.enum(['shut-down', 'power-off', 'power-on']);
export type PowerAction = z.infer<typeof powerActionSchema>;

/** What the server was at the end. A guest that refuses, or takes too long, is no fault: a person decides what follows. */
export const powerResultSchema = z.object({
  power: z.enum(['on', 'off', 'suspended']),
  /** Why it is not as asked, for people; null when it is. */
  note: foreignString().nullable(),
});
export type PowerResult = z.infer<typeof powerResultSchema>;
