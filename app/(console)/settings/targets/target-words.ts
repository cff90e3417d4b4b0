// What a target's pages say of numbers and changes. Pure.
import { COUNTS_WORDS, type Counts, type TargetField } from '../../../../replication/model/target-fields.ts';
import { formatCount } from '../../../_ui/quantity.ts';
import type { ChangePreview, TargetUsage } from './types.ts';

/** The server counts no further. */
const MOST_COUNTED = 10_000;

function countText(count: number, one: string, many = `${one}s`): string {
  if (count > MOST_COUNTED) return `more than ${formatCount(MOST_COUNTED)} ${many}`;
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

export const numberText = (count: number): string =>
  count > MOST_COUNTED ? `More than ${formatCount(MOST_COUNTED)}` : formatCount(count);

const FIELD_LABELS: Record<TargetField, string> = {
  name: 'Name',
  account: 'Account',
  region: 'Region',
  bucket: 'Staging bucket',
  prefix: 'Prefix',
  endpoints: 'Endpoints',
  importRole: 'Role of VM Import',
  encrypted: 'Encryption',
  kmsKeyArn: 'KMS key',
  transfer: 'Transfer path',
  transport: 'How disks are read',
  verification: 'Verification',
  tags: 'Tags',
  distribution: 'Sharing and copying of AMIs',
  launchDefaults: 'Default launch settings',
  signIn: 'Sign-in',
  connectorSignIn: 'Sign-in of connectors',
};

const ORDER: readonly Counts[] = ['new-chain', 'next-run', 'next-launch', 'at-once', 'never'];

/** One line for each rule with the fields that it is about, and one for what goes on. */
export function meaningOf({ changes, newChains, jobs, disks, runs }: ChangePreview): string[] {
  const lines = ORDER.flatMap((counts) => {
    const fields = changes.filter((change) => change.counts === counts).map(({ field }) => FIELD_LABELS[field]);
    return fields.length > 0 ? [`${fields.join(', ')}: ${lowerFirst(COUNTS_WORDS[counts])}`] : [];
  });
  if (lines.length === 0) return ['Nothing becomes another.'];
  if (newChains && jobs > 0) {
    const deltas = disks > 0 ? `; ${countText(disks, 'disk')} would have been copied as a delta` : '';
    lines.push(`${upperFirst(countText(jobs, 'replication job'))} ${jobs === 1 ? 'goes' : 'go'} into it${deltas}.`);
    lines.push('What lies in the old place stays there, and is found and released there.');
  }
  if (runs > 0) {
    const goes = runs === 1 ? 'goes' : 'go';
    lines.push(`${upperFirst(countText(runs, 'run'))} under way ${goes} on with the settings of before.`);
  }
  return lines;
}

/** What keeps it from being deleted; null when nothing does. */
export function whatIsIn({ now }: TargetUsage): string[] | null {
  const lines = [
    now.jobs > 0 && countText(now.jobs, 'replication job'),
    now.runs > 0 && `${countText(now.runs, 'run')} under way`,
    now.images > 0 && countText(now.images, 'AMI'),
    now.instances > 0 && countText(now.instances, 'instance'),
    now.copies > 0 && `${countText(now.copies, 'copy', 'copies')} of AMIs under way`,
    now.artifacts > 0 &&
      `${countText(now.artifacts, 'thing')} at AWS: AMIs, instances, snapshots, digests, staged objects`,
  ].filter((line) => line !== false);
  return lines.length > 0 ? lines : null;
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
const upperFirst = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
