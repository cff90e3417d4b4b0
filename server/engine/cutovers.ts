// Takes the cutovers that are under way one step further, the next hundred each time. Called by the engine every second; several workers may.
import { log } from '../log.ts';
import { doOutside } from '../services/cloud/cutover-launch.ts';
import type { ProgramContext } from '../services/context.ts';
import { advanceCutover, type Outside } from '../services/cutovers/advance.ts';
import { openCutovers, startDueCutovers } from '../services/cutovers/due.ts';
import type { Round } from '../services/round.ts';

/** Side by side: one that waits for AWS holds up no other. */
export async function tendCutovers(ctx: ProgramContext, round: Round): Promise<void> {
  await startDueCutovers(ctx);
  const open = await openCutovers(ctx, round);
  await Promise.all(
    open.map(async (found) => {
      if (found.waits) return;
      try {
        const outside: Outside | null = found.look
          ? { do: 'look-at-instance', launchId: found.look }
          : await advanceCutover(ctx, found);
        if (outside) await doOutside(ctx, found, outside);
      } catch (error) {
        log().warn({ error, cutover: found.id }, 'a cutover could not go on; it is tried again');
      }
    }),
  );
}
