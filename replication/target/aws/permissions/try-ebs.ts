// Trials of EBS direct, which has no dry run: on a snapshot that does not exist, which AWS tells only who may ask; and, when
// asked for, on a scratch snapshot, which also shows the rights on the KMS key.
import { createHash, randomUUID } from 'node:crypto';
import type { EBS } from '@aws-sdk/client-ebs';
import type { HttpOptions } from '../call.ts';
import { OWN_TAG, RIGHTS } from './rights.ts';
import { covers, notTried, OWN_TAGS, type Said, type Trial } from './trial.ts';

const BLOCK = Buffer.alloc(512 * 1024, 'Landfall ');
const PUT = {
  BlockIndex: 0,
  BlockData: BLOCK,
  DataLength: BLOCK.length,
  Checksum: createHash('sha256').update(BLOCK).digest('base64'),
  ChecksumAlgorithm: 'SHA256',
} as const;
/** Well formed, and nobody's. */
const SnapshotId = 'snap-00000000000000000';
const NEEDS_SNAPSHOT = 'It shows only when a snapshot is made: test again with the scratch snapshot.';
const KEY_ACTIONS = [...new Set(RIGHTS.flatMap(({ action }) => (action.startsWith('kms:') ? [action] : [])))];

const ON_NOBODYS: Record<string, (ebs: EBS, http: HttpOptions) => Promise<unknown>> = {
  'ebs:ListSnapshotBlocks': (ebs, http) => ebs.listSnapshotBlocks({ SnapshotId }, http),
  'ebs:ListChangedBlocks': (ebs, http) =>
    ebs.listChangedBlocks({ FirstSnapshotId: SnapshotId, SecondSnapshotId: 'snap-00000000000000001' }, http),
  'ebs:GetSnapshotBlock': (ebs, http) =>
    ebs.getSnapshotBlock({ SnapshotId, BlockIndex: 0, BlockToken: Buffer.from('nobody').toString('base64') }, http),
  'ebs:PutSnapshotBlock': (ebs, http) => ebs.putSnapshotBlock({ SnapshotId, ...PUT }, http),
  'ebs:CompleteSnapshot': (ebs, http) => ebs.completeSnapshot({ SnapshotId, ChangedBlocksCount: 0 }, http),
};

/** Of a right on snapshots or on the key. */
export async function tryOnNobodysSnapshot(trial: Trial, action: string): Promise<Said> {
  const call = ON_NOBODYS[action];
  if (!call) return notTried(NEEDS_SNAPSHOT);
  return trial.tryEbs(action, call, {
    codes: /^ResourceNotFoundException$/,
    detail: 'AWS says that there is no such snapshot, and would have refused before.',
  });
}

/** Begins, writes, completes and deletes a snapshot of 1 GiB; by action. */
export async function tryOnScratchSnapshot(trial: Trial): Promise<Map<string, Said>> {
  const said = new Map<string, Said>();
  const { chosen, declare } = trial.options;
  const token = `target-test-${randomUUID()}`;
  const scratch = await declare('ebs-snapshot', token, {});
  const tags = { [OWN_TAG.key]: OWN_TAG.value, 'landfall:artifact': scratch.artifactId };
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const key = chosen.kmsKeyArn ? { Encrypted: true, KmsKeyArn: chosen.kmsKeyArn } : {};
  const Description = 'Landfall tries whether it may make snapshots';
  let snapshotId = '';
  const start = await trial.judge(async () => {
    const answer = await trial.ebs('ebs:StartSnapshot', (ebs, http) =>
      ebs.startSnapshot({ VolumeSize: 1, Description, ClientToken: token, Tags, Timeout: 10, ...key }, http),
    );
    snapshotId = answer.SnapshotId ?? '';
    await scratch.made(snapshotId);
  }, 'A snapshot of 1 GiB was begun.');

  const refused = start.denial?.action ?? null;
  const byKey = refused?.startsWith('kms:') ?? false;
  said.set('ebs:StartSnapshot', byKey ? notTried(`AWS asked for ${refused} first.`) : start);
  if (!snapshotId) {
    for (const action of KEY_ACTIONS)
      said.set(action, refused && covers(action, refused) ? start : notTried('No snapshot could be begun.'));
    // Without an answer there may be one all the same: then the ledger has it.
    if (start.outcome === 'denied') await scratch.gone();
    return said;
  }
  said.set(
    'ebs:PutSnapshotBlock',
    await trial.judge(
      () =>
        trial.ebs('ebs:PutSnapshotBlock', (ebs, http) =>
          ebs.putSnapshotBlock({ SnapshotId: snapshotId, ...PUT }, http),
        ),
      'A block was written to the snapshot.',
    ),
  );
  if (said.get('ebs:PutSnapshotBlock')?.outcome === 'allowed') {
    said.set(
      'ebs:CompleteSnapshot',
      await trial.judge(
        () =>
          trial.ebs('ebs:CompleteSnapshot', (ebs, http) =>
            ebs.completeSnapshot({ SnapshotId: snapshotId, ChangedBlocksCount: 1 }, http),
          ),
        'The snapshot was completed.',
      ),
    );
    for (const action of KEY_ACTIONS)
      said.set(action, { outcome: 'allowed', detail: 'A snapshot was encrypted with the key.' });
  }
  said.set(
    'ec2:CreateTags',
    await trial.judge(
      () =>
        trial.ec2('ec2:CreateTags', (ec2, http) => ec2.createTags({ Resources: [snapshotId], Tags: OWN_TAGS }, http)),
      'The snapshot was tagged.',
    ),
  );
  said.set(
    'ec2:DeleteSnapshot',
    await trial.judge(async () => {
      await trial.ec2('ec2:DeleteSnapshot', (ec2, http) => ec2.deleteSnapshot({ SnapshotId: snapshotId }, http));
      await scratch.gone();
    }, 'The snapshot was deleted.'),
  );
  return said;
}
