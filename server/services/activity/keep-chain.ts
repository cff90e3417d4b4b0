// The audit trail as time passes: its chain is sealed, and what is older than the rule of retention goes.
import { workspaces } from '../../../db/schema/index.ts';
import { sealChains, sealingKeys, trimChain } from '../../audit/seal.ts';
import type { ProgramContext } from '../context.ts';

/** Rows of one statement. */
const ROWS = 500;
/** A tick leaves the rest to the next one. */
const MOST_BATCHES = 20;

/**
 * One turn; several workers may take one at once. Without LANDFALL_SECRET_KEY nothing is sealed, and nothing is taken away either:
 * the seal is what proves where the chain begins.
 * @param days for which the audit trail is kept; null: for good
 */
export async function keepAuditChain(ctx: ProgramContext, days: number | null): Promise<void> {
  const [key] = sealingKeys();
  if (!key) return;
  await sealChains(ctx.db, key, ctx.now());
  if (days === null) return;
  const before = new Date(ctx.now().getTime() - days * 86_400_000);
  for (const { id: workspaceId } of await ctx.db.select({ id: workspaces.id }).from(workspaces)) {
    for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
      const more = await ctx.db.transaction((tx) =>
        trimChain(tx, { workspaceId, before, rows: ROWS, key, now: ctx.now() }),
      );
      if (!more) break;
    }
  }
}
