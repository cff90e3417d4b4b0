// What a run's holder says of it, in the run's log.
import { runLog } from '../../../db/schema/index.ts';
import type { StepId } from '../../../replication/model/itinerary.ts';
import type { LogLine } from '../../../replication/wire/gateway.ts';
import type { Work } from '../context.ts';

/** At least one line. */
export async function logForRun({ tx }: Work, runId: string, step: StepId, lines: readonly LogLine[]): Promise<void> {
  await tx.insert(runLog).values(lines.map(({ at, ...line }) => ({ ...line, runId, at: new Date(at), step })));
}
