// What a test of an AWS target found, as it is kept and shown. Pure.

/** Whose word a refusal is. */
export type DeniedBy =
  | 'identity policy'
  | 'bucket policy'
  | 'KMS key policy'
  | 'resource policy'
  | 'service control policy'
  | 'resource control policy'
  | 'permissions boundary'
  | 'session policy'
  | 'VPC endpoint policy'
  /** AWS did not say. */
  | 'unknown';

export interface TriedRight {
  /** `ec2:ImportSnapshot` */
  action: string;
  /** Where: `staged`, `digests`, `bucket`… (rights.ts). */
  on: string;
  /** In words, after "to". */
  purpose: string;
  /** Because of what it is needed, in words. */
  need: string;
  outcome: 'allowed' | 'denied' | 'not-tried';
  /** How it was tried, or why it could not be. */
  detail: string;
  /** Only of what is denied. */
  denial?: {
    by: DeniedBy;
    /** A Deny statement, which no Allow outweighs. */
    explicit: boolean;
    policyArn: string | null;
    remedy: string;
    /** AWS's own words. */
    words: string;
    /** JSON of the statement to add; null where adding one does not help. */
    statement: string | null;
  };
}

/** Something about the place that is not a right: the bucket's settings, the role of VM Import. */
export interface TargetFinding {
  id: string;
  label: string;
  outcome: 'good' | 'bad' | 'advice' | 'unknown';
  detail: string;
}

export interface TargetTestResult {
  /** As whom AWS knows the console; null when it does not. */
  arn: string | null;
  account: string | null;
  /** Also what needs a snapshot was tried. */
  withSnapshot: boolean;
  findings: TargetFinding[];
  rights: TriedRight[];
  /** What connectors say of their own keys. */
  connectors: { name: string; at: string | null; checks: { label: string; ok: boolean; detail: string }[] }[];
  milliseconds: number;
}
