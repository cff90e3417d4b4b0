// What the trials of rights have in common: a call's end, told as allowed, denied or not tried.
import type { EBS } from '@aws-sdk/client-ebs';
import type { EC2 } from '@aws-sdk/client-ec2';
import type { S3 } from '@aws-sdk/client-s3';
import { FaultError } from '../../../model/fault.ts';
import type { HttpOptions } from '../call.ts';
import type { AwsClients } from '../clients.ts';
import { type Denial, denialOf } from '../denial.ts';
import { awsSignature, hasAwsCode } from '../faults.ts';
import type { AwsTargetConfig } from '../target.ts';
import { type Chosen, OWN_TAG, type Right } from './rights.ts';

export interface Said {
  outcome: 'allowed' | 'denied' | 'not-tried';
  /** How it was tried, or why it could not be. */
  detail: string;
  /** `by` is null where AWS does not say. */
  denial?: Omit<Denial, 'by'> & { by: Denial['by'] | null; action: string | null; words: string; remedy: string };
}

export interface Tried extends Said {
  right: Right;
}

/** Something that a trial is about to make, in the ledger. */
export interface Scratch {
  artifactId: string;
  made(externalId: string): Promise<void>;
  gone(): Promise<void>;
}

export type ScratchKind = 's3-object' | 's3-upload' | 'digest-set' | 'ebs-snapshot';

export interface TrialOptions {
  chosen: Chosen;
  /** Also what shows only on a snapshot: one of 1 GiB is begun, completed and deleted. */
  withSnapshot: boolean;
  /** Writes down what is about to be made. */
  declare(kind: ScratchKind, token: string, details: Record<string, string>): Promise<Scratch>;
}

type Run<Client> = (client: Client, http: HttpOptions) => Promise<unknown>;

/** A call that must end soon, as a person waits. */
const SECONDS = { seconds: 8 };

export const notTried = (detail: string): Said => ({ outcome: 'not-tried', detail });
export const NO_TIME = 'There was no time left to try it.';
export const OWN_TAGS = [{ Key: OWN_TAG.key, Value: OWN_TAG.value }];

/** What AWS answers only to who may ask, and what that tells. */
export interface Beyond {
  codes: RegExp;
  detail: string;
}

/** The calls of one test, each bounded in time. */
export class Trial {
  readonly config: AwsTargetConfig;
  readonly options: TrialOptions;
  readonly signal: AbortSignal;
  readonly #clients: AwsClients;

  constructor(clients: AwsClients, config: AwsTargetConfig, options: TrialOptions, signal: AbortSignal) {
    this.#clients = clients;
    this.config = config;
    this.options = options;
    this.signal = signal;
  }

  ec2<T>(action: string, run: (client: EC2, http: HttpOptions) => Promise<T>): Promise<T> {
    return this.#clients.ec2(action, this.signal, run, SECONDS);
  }

  ebs<T>(action: string, run: (client: EBS, http: HttpOptions) => Promise<T>): Promise<T> {
    return this.#clients.ebs(action, this.signal, run, SECONDS);
  }

  s3<T>(action: string, run: (client: S3, http: HttpOptions) => Promise<T>): Promise<T> {
    return this.#clients.s3(action, this.signal, run, SECONDS);
  }

  tryEc2(action: string, run: Run<EC2>, beyond?: Beyond): Promise<Said> {
    return this.judge(() => this.ec2(action, run), 'The call went through.', beyond);
  }

  tryEbs(action: string, run: Run<EBS>, beyond?: Beyond): Promise<Said> {
    return this.judge(() => this.ebs(action, run), 'The call went through.', beyond);
  }

  tryS3(action: string, run: Run<S3>, beyond?: Beyond): Promise<Said> {
    return this.judge(() => this.s3(action, run), 'The call went through.', beyond);
  }

  identity() {
    return this.#clients.sts(
      'sts:GetCallerIdentity',
      this.signal,
      (sts, http) => sts.getCallerIdentity({}, http),
      SECONDS,
    );
  }

  /** Lends a key that may do nothing, and throws it away. */
  tryToLend(): Promise<Said> {
    const nothing = { Effect: 'Deny', Action: '*', Resource: '*' };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [nothing] });
    const call = { Name: 'landfall-test', DurationSeconds: 900, Policy };
    return this.judge(
      () =>
        this.#clients.sts(
          'sts:GetFederationToken',
          this.signal,
          (sts, http) => sts.getFederationToken(call, http),
          SECONDS,
        ),
      'A key that may do nothing was lent, and thrown away.',
    );
  }

  /** What a call's end says of the right to make it. */
  async judge(run: () => Promise<unknown>, done: string, beyond?: Beyond): Promise<Said> {
    try {
      await run();
      return { outcome: 'allowed', detail: done };
    } catch (error) {
      if (this.signal.aborted) return notTried(NO_TIME);
      if (hasAwsCode(error, /^DryRunOperation$/))
        return { outcome: 'allowed', detail: 'A dry run would have succeeded.' };
      if (beyond && hasAwsCode(error, beyond.codes)) return { outcome: 'allowed', detail: beyond.detail };
      if (!(error instanceof FaultError)) throw error;
      return saidOf(error);
    }
  }
}

function saidOf(error: FaultError): Said {
  const { fault } = error;
  if (fault.code !== 'aws-access-denied') {
    const words = [fault.message, fault.cause].filter(Boolean).join(' ');
    return notTried(`AWS did not say whether it is allowed. ${words}`);
  }
  const words = awsSignature(error.cause).message;
  const denial = denialOf(words);
  return {
    outcome: 'denied',
    detail: fault.message,
    denial: {
      by: denial?.by ?? null,
      explicit: denial?.explicit ?? false,
      arn: denial?.arn ?? null,
      action: /perform:? ([a-z][a-z0-9-]*:[A-Za-z*]+)/.exec(words)?.[1] ?? null,
      words: fault.cause ?? words,
      remedy: fault.remedy,
    },
  };
}

/** Whether a right is on an action that AWS names: `kms:GenerateDataKey*` covers several. */
export function covers(right: string, action: string): boolean {
  return right.endsWith('*') ? action.startsWith(right.slice(0, -1)) : action === right;
}
