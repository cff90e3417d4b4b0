// Keeps what was typed into a target's form in this tab: a reload, or Back from another page, finds it again. Secrets are not
// among it.
import { z } from 'zod';
import { CONNECTOR_SIGN_INS, SIGN_IN_KINDS } from '../../../../replication/model/target.ts';
import { targetDraftSchema } from './target-draft.ts';

const newTargetSchema = z.object({
  /** The request by which it is made: its external id is made of that. */
  requestId: z.string().regex(/^[0-9a-f]{32}$/),
  draft: targetDraftSchema,
  kind: z.enum(SIGN_IN_KINDS),
  accessKeyId: z.string(),
  roleArn: z.string(),
  connectorSignIn: z.enum(CONNECTOR_SIGN_INS),
});
const changedTargetSchema = z.object({
  version: z.number(),
  /** As it was when it was opened. */
  opened: targetDraftSchema,
  draft: targetDraftSchema,
});

const NEW = 'landfall.create-target';
const changeOf = (targetId: string) => `landfall.edit-target.${targetId}`;

function keep(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // No storage, or it is full: the form still works, but a reload starts over.
  }
}

function forget(key: string): void {
  try {
    sessionStorage.removeItem(key);
  } catch {
    // Nothing was kept then.
  }
}

/** Null when there is nothing, or nothing that this version understands. */
function kept<T>(key: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.safeParse(JSON.parse(sessionStorage.getItem(key) ?? 'null')).data ?? null;
  } catch {
    return null;
  }
}

export const keepNewTarget = (value: z.infer<typeof newTargetSchema>) => keep(NEW, value);
export const keptNewTarget = () => kept(NEW, newTargetSchema);
export const forgetNewTarget = () => forget(NEW);
export const keepChange = (targetId: string, value: z.infer<typeof changedTargetSchema>) =>
  keep(changeOf(targetId), value);
export const keptChange = (targetId: string) => kept(changeOf(targetId), changedTargetSchema);
export const forgetChange = (targetId: string) => forget(changeOf(targetId));
