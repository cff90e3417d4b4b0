// What a cloud-side step is given. Steps know no database: the engine performs them and keeps what they say.
import type { Artifact, ArtifactKind } from '../../model/artifact.ts';
import type { Baseline, TransferPath, WantedEncryption } from '../../model/baseline.ts';
import type { CloudStepId } from '../../model/itinerary.ts';
import type { ImageMethod, License } from '../../model/job.ts';
import type { CatalogServer } from '../../model/server.ts';
import type { ResultsSoFar, StepProgress, StepResults } from '../../model/step-results.ts';
import type { AwsTarget } from '../../target/aws/target.ts';
import { ROOM_HOURS, whenThereIsRoom } from '../wait-for-room.ts';

export interface CloudStepContext {
  run: {
    id: string;
    jobId: string;
    workspaceId: string;
    serverName: string;
    license: License;
    imageMethod: ImageMethod;
    guestFamily: CatalogServer['guestFamily'];
    /** Of the target: put on everything beside our own. */
    tags: Readonly<Record<string, string>>;
    transfer: TransferPath;
    verification: 'sampled' | 'full';
    encryption: WantedEncryption;
    /** Grows with every failed try: a part of tokens, so that a new try makes a new thing. */
    attempt: number;
  };
  results: ResultsSoFar;
  /** The run's artifacts when the step began. */
  artifacts: readonly Artifact[];
  /** What the run's disks are measured from; once the snapshots are made, the new ones. */
  baselines: readonly Baseline[];
  target: AwsTarget;
  signal: AbortSignal;
  /** Milliseconds between polls of AWS's tasks. */
  pollMs: number;
  /** AMIs of the job that are beyond the number to keep, oldest first, with their snapshots, and where each of them lies. */
  imagesToPrune(): Promise<{ imageId: string; snapshotIds: string[]; target: AwsTarget }[]>;
  imagePruned(imageId: string): Promise<void>;
  /** Row first; the same token gives the same row. */
  declare(input: {
    kind: ArtifactKind;
    token: string;
    diskId: string | null;
    details: Record<string, string>;
  }): Promise<Artifact>;
  confirm(
    artifact: Artifact,
    state: 'created' | 'released',
    externalId: string | null,
    details?: Record<string, string>,
  ): Promise<void>;
  progress(progress: StepProgress): void;
  log(level: 'info' | 'warning' | 'error', text: string): void;
}

export type CloudStep<Id extends CloudStepId> = (context: CloudStepContext) => Promise<StepResults[Id]>;

/** A note of progress: at most 300 characters, however much AWS has to say. */
export function shortNote(text: string | null): string | null {
  return text && text.length > 300 ? `${text.slice(0, 299).toWellFormed()}…` : text || null;
}

/** Calls AWS until it has room for one more; says so in the run's progress, and once in its log. */
export function withRoom<T>(
  context: CloudStepContext,
  what: keyof typeof ROOM_HOURS,
  subject: string,
  call: () => Promise<T>,
): Promise<T> {
  return whenThereIsRoom(call, {
    signal: context.signal,
    everyMs: context.pollMs,
    deadlineMs: ROOM_HOURS[what] * 3_600_000,
    onWait(words, first) {
      const note = `Waiting: AWS has no room for ${subject} yet. ${words}`;
      context.progress({ fraction: 0, note: shortNote(note), disks: [] });
      if (first) context.log('warning', note);
    },
  });
}
