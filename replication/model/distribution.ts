// Where the AMIs of a target go beside it: accounts that may use them, and Regions and targets that get copies. Pure.
import { z } from 'zod';
import { partitionOf } from './target.ts';

const region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d+$/, 'A Region, such as eu-west-1');
const kmsKeyArn = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:kms:[^:]+:\d{12}:key\/.+$/,
    'The ARN of a key, such as arn:aws:kms:eu-west-1:123456789012:key/…',
  )
  .nullable();

const entrySchema = z.discriminatedUnion('kind', [
  /** The account may launch the AMI and copy it; nothing is made there. */
  z.object({ kind: z.literal('share'), account: z.string().regex(/^\d{12}$/, 'An AWS account: twelve digits') }),
  /** A copy in another Region of the same account, encrypted with a key of that Region if one is named. */
  z.object({ kind: z.literal('region'), region, kmsKeyArn }),
  /** A copy where another target of the workspace is, encrypted as that target says. */
  z.object({ kind: z.literal('target'), targetId: z.string().min(1, 'Choose a target') }),
]);
export type DistributionEntry = z.infer<typeof entrySchema>;

const MOST_ENTRIES = 20;
export const distributionSchema = z.array(entrySchema).max(MOST_ENTRIES, `At most ${MOST_ENTRIES} entries`);
export type Distribution = z.infer<typeof distributionSchema>;

/** What decides whether AMIs can go there. */
export interface Distributes {
  region: string;
  encrypted: boolean;
  kmsKeyArn: string | null;
  distribution: Distribution;
  /** Twelve digits; null while it is not known. */
  account: string | null;
}

const NO_SHARING =
  "AWS shares no AMI that is encrypted with its own key for EBS, and without a key of yours the account's default counts.";

/** Why AMIs of such a target cannot go there, by the entry's place in the list; null for one that is in order. */
export function distributionProblems(of: Distributes): (string | null)[] {
  return of.distribution.map((entry, at) => problemOf(entry, of) ?? doubled(entry, of.distribution.slice(0, at)));
}

function problemOf(entry: DistributionEntry, { region: own, account, encrypted, kmsKeyArn }: Distributes) {
  if (entry.kind === 'share') {
    if (entry.account === account) return `${entry.account} is the account of the target itself.`;
    return encrypted && !kmsKeyArn ? NO_SHARING : null;
  }
  if (entry.kind === 'target') return null;
  if (entry.region === own) return `The AMIs are in ${own} already.`;
  if (partitionOf(entry.region) !== partitionOf(own))
    return `AWS copies no AMI from ${own} to ${entry.region}: they belong to different parts of AWS.`;
  const ofKey = entry.kmsKeyArn?.split(':')[3];
  return ofKey && ofKey !== entry.region ? `The key is one of ${ofKey}, and the copy is in ${entry.region}.` : null;
}

function doubled(entry: DistributionEntry, before: readonly DistributionEntry[]) {
  const same = before.some((other) => whereTo(other) === whereTo(entry));
  return same ? 'The same is in the list already.' : null;
}

const whereTo = (entry: DistributionEntry) =>
  entry.kind === 'share' ? entry.account : entry.kind === 'region' ? entry.region : entry.targetId;

/** Why AMIs of one target cannot be copied to another; null when they can. */
export function copyProblem(
  from: Omit<Distributes, 'distribution'>,
  to: { region: string; account: string | null },
): string | null {
  if (partitionOf(to.region) !== partitionOf(from.region))
    return `AWS copies no AMI from ${from.region} to ${to.region}: they belong to different parts of AWS.`;
  const sameAccount = from.account !== null && from.account === to.account;
  if (sameAccount && from.region === to.region)
    return 'It is in the same account and Region: the AMIs are there already.';
  // Copied by the other account, which must be let at the AMI first.
  const known = from.account !== null && to.account !== null;
  return known && !sameAccount && from.encrypted && !from.kmsKeyArn ? NO_SHARING : null;
}
