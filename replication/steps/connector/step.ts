// What a connector-side step is given. Steps know no gateway: the connector performs them and carries what they say.
import type { TokenBucket } from '../../disks/with-throttle.ts';
import type { Artifact } from '../../model/artifact.ts';
import type { Baseline, TransferPath } from '../../model/baseline.ts';
import type { ConnectorStepId } from '../../model/itinerary.ts';
import type { ResultsSoFar, StepProgress, StepResults } from '../../model/step-results.ts';
import type { Source, Transport } from '../../sources/source.ts';
import type { EbsDirect, Staging } from '../../target/aws/target.ts';
import type { Confirmation, Declaration } from '../../wire/gateway.ts';

export interface ConnectorStepContext {
  run: {
    id: string;
    jobId: string;
    workspaceId: string;
    vmId: string;
    serverName: string;
    /** Of the target: put on everything beside our own. */
    tags: Readonly<Record<string, string>>;
  };
  results: ResultsSoFar;
  /** Number of this hold of the lease: a part of tokens and keys, so that nobody writes into another's things. */
  fence: number;
  /** The run's artifacts when the step began, of earlier fences too. */
  artifacts: readonly Artifact[];
  source: Source;
  staging: Staging;
  /** What may be sent, by all disks together; its rate changes with the hour. */
  bandwidth: TokenBucket;
  /** For the transfer path that writes snapshots from here. */
  ebs: EbsDirect;
  transfer: TransferPath;
  transport: 'auto' | Transport;
  /** What the disks are measured from, and per disk why its baseline no longer counts. */
  baselines: readonly Baseline[];
  revoked: Readonly<Record<string, string>>;
  /** Keys of this run's digest sets begin with it; ends with a slash. */
  digestPrefix: string;
  bucket: string;
  /** Keys begin with it; ends with a slash. */
  prefix: string;
  signal: AbortSignal;
  /** Rows first, in one call; answers the ledger's ids. */
  declare<Declared extends Declaration[]>(...declared: Declared): Promise<{ [K in keyof Declared]: string }>;
  /** Of all of them at once, or of none. */
  confirm(...confirmed: Confirmation[]): Promise<void>;
  /** For the end of a step: told with its settling, however it ends. */
  confirmAtEnd(...confirmed: Confirmation[]): void;
  /** Asks the console whether the lease still holds; throws when it does not. Called before anything becomes permanent. */
  stillMine(): Promise<void>;
  progress(progress: StepProgress): void;
  log(level: 'info' | 'warning' | 'error', text: string): void;
}

export type ConnectorStep<Id extends ConnectorStepId> = (context: ConnectorStepContext) => Promise<StepResults[Id]>;
