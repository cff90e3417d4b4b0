// A row of the table: we and a peer at the same work, in turn, and whether we reach what was aimed at.
import { loadavg } from 'node:os';
import { inTheMiddle, type Measured } from './side.ts';

export interface SideResult extends Measured {
  /** Of the file that was written, or of what was sent. */
  bytes: number | null;
}

export interface Row {
  name: string;
  input: string;
  peer: string;
  /** The peer's time through ours, each round by itself; the one in the middle. Null when there is no peer. */
  ratio: number | null;
  ours: SideResult | null;
  theirs: SideResult | null;
  /** What was aimed at, in words, and whether it was reached; null where there is no figure. */
  aim: string;
  met: boolean | null;
  /** Why there is no figure. */
  missing?: string;
  /** Load of the machine over the last minute, before the row: what else runs here makes both sides slower. */
  load: number;
}

export interface Contest {
  name: string;
  input: string;
  peer: string;
  rounds: number;
  ours(): Promise<SideResult>;
  theirs(): Promise<SideResult>;
  aim: string;
  isMet(ratio: number, sizeRatio: number | null): boolean;
}

export async function compete(contest: Contest): Promise<Row> {
  const { name, input, peer, aim } = contest;
  const [load = 0] = loadavg();
  const rounds: { ours: SideResult; theirs: SideResult; ratio: number }[] = [];
  for (let round = 0; round < contest.rounds; round += 1) {
    const theirs = await contest.theirs();
    const ours = await contest.ours();
    rounds.push({ ours, theirs, ratio: theirs.seconds / ours.seconds });
  }
  const middle = inTheMiddle(rounds, ({ ratio }) => ratio);
  const { ratio, ours, theirs } = middle;
  const sizeRatio = ours.bytes !== null && theirs.bytes !== null ? ours.bytes / theirs.bytes : null;
  return { name, input, peer, ratio, ours, theirs, aim, met: contest.isMet(ratio, sizeRatio), load };
}

/** A row without a figure, and why. */
export function notMeasured(name: string, input: string, peer: string, aim: string, missing: string): Row {
  return { name, input, peer, ratio: null, ours: null, theirs: null, aim, met: null, missing, load: loadavg()[0] ?? 0 };
}
