// Work that is done at many targets in one turn of the engine.
import { log } from '../../log.ts';

const AT_ONCE = 8;
/** Of a turn, for one target. */
const TURN_MS = 60_000;

export interface TurnOptions<T> {
  signal: AbortSignal;
  turnMs?: number;
  /** What answers, or does not, by itself; the target when nothing is said. */
  apart?: (thing: T) => string;
  atOnce?: number;
}

/**
 * Calls `work` with what belongs to one target, for several targets at once. One that does not answer holds up no other and
 * loses only its own turn, whose end its signal tells; a failure is logged and stays its own.
 */
export async function atEachTarget<T extends { targetId: string }>(
  things: readonly T[],
  work: (things: T[], signal: AbortSignal) => Promise<void>,
  { signal, turnMs = TURN_MS, apart = ({ targetId }) => targetId, atOnce = AT_ONCE }: TurnOptions<T>,
): Promise<void> {
  const left = [...Map.groupBy(things, apart)];
  const next = async () => {
    for (let group = left.shift(); group && !signal.aborted; group = left.shift()) {
      const [target, own] = group;
      try {
        await work(own, AbortSignal.any([signal, AbortSignal.timeout(turnMs)]));
      } catch (error) {
        if (!signal.aborted) log().warn({ error, target }, 'the turn of an AWS target ended early');
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, left.length) }, next));
}
