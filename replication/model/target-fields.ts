// From when on a change of an AWS target counts, field by field. The pages say it before anything is saved. Pure.

/**
 * at-once: nothing at AWS is touched by it, or the very next call goes by it; next-run: runs copy it when they are made;
 * next-launch: read when an instance is launched; new-chain: as next-run, and that run copies every disk whole, since what
 * lies at AWS cannot be built on; never: make another target.
 */
export type Counts = 'at-once' | 'next-run' | 'next-launch' | 'new-chain' | 'never';

/** Held against what runs do by the tests of the baselines and of changed targets. */
export const TARGET_FIELDS = {
  name: 'at-once',
  account: 'never',
  region: 'new-chain',
  bucket: 'new-chain',
  prefix: 'new-chain',
  endpoints: 'next-run',
  importRole: 'next-run',
  encrypted: 'new-chain',
  kmsKeyArn: 'new-chain',
  transfer: 'next-run',
  transport: 'next-run',
  verification: 'next-run',
  tags: 'next-run',
  launchDefaults: 'next-launch',
  signIn: 'at-once',
  connectorSignIn: 'at-once',
} as const satisfies Record<string, Counts>;
export type TargetField = keyof typeof TARGET_FIELDS;

export const isTargetField = (name: string): name is TargetField => Object.hasOwn(TARGET_FIELDS, name);
