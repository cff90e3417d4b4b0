// The mark at AWS that tells a result from what may go: it stands beside the thing, so that it outlives our database.
// A ledger that was restored from an older copy takes a finished AMI for one that is under way; the mark knows better.

const STATE = 'landfall:state';
const RUN = 'landfall:run';

/** On an AMI from the moment it is made until the console has recorded it. */
export const UNFINISHED: Record<string, string> = { [STATE]: 'unfinished' };
/** On an AMI and its snapshots once the console has recorded them. */
export const FINISHED: Record<string, string> = { [STATE]: 'finished' };

export type Standing =
  /** Of this run, and nobody has recorded it: it may go. */
  | 'unfinished'
  /** It is, or may be, a result. */
  | 'finished'
  /** Another run made it, or a person. */
  | 'foreign';

/**
 * What the tags of an AMI say. `tagged` is whether it got tags as it was made (RegisterImage); VM Import gives none, so an
 * imported AMI without tags is one that no run has taken over yet. One of ours without the mark is older than the mark.
 */
export function standingOfImage(tags: Record<string, string>, runId: string | null, tagged: boolean): Standing {
  if (tags[RUN] === undefined) return tagged ? 'foreign' : 'unfinished';
  if (tags[RUN] !== runId) return 'foreign';
  return tags[STATE] === UNFINISHED[STATE] ? 'unfinished' : 'finished';
}

/** The same of a snapshot, which has the mark only when it is finished. */
export function standingOfSnapshot(tags: Record<string, string>, runId: string | null): Standing {
  if (tags[RUN] !== undefined && tags[RUN] !== runId) return 'foreign';
  return tags[STATE] === FINISHED[STATE] ? 'finished' : 'unfinished';
}
