// With the proposed policy alone the console can also take away what VM Import made and nobody tagged.
import { afterEach, expect, it } from 'vitest';
import type { Artifact } from '../../model/artifact.ts';
import { policyOf } from '../../target/aws/permissions/policies.ts';
import type { Chosen } from '../../target/aws/permissions/rights.ts';
import {
  another,
  config,
  ended,
  importInput,
  lab,
  labSays,
  never,
  stageDisk,
  target,
  targetForTests,
} from '../../target/aws/testing-target.ts';
import { releaseAtAws } from './release.ts';

targetForTests();
afterEach(() => labSays('resetIam'));

it('releases the snapshot of an import whose holder was killed before it was tagged', async () => {
  const chosen: Chosen = {
    ...{ partition: 'aws', region: lab.region, account: lab.account, bucket: lab.bucket, prefix: 'landfall/' },
    ...{ importRole: 'vmimport', transfer: 's3', kmsKeyArn: null, connectors: 'own', signIn: 'key', roleArn: null },
  };
  const policies = [policyOf('console', chosen)];
  const credentials = await labSays<{ accessKeyId: string; secretAccessKey: string }>('iamUser', {
    name: 'console',
    policies,
  });
  const least = another({ ...config(), credentials });
  const input = importInput(await stageDisk('killed', Buffer.alloc(1024 * 1024, 1)));
  const taskId = await least.snapshots.startImport({ ...input, tags: {} }, never);
  const { snapshotIds } = await ended(least.snapshots, taskId);
  const artifact = {
    kind: 'import-snapshot-task',
    externalId: taskId,
    token: input.token,
    details: {},
  } as unknown as Artifact;
  await releaseAtAws(artifact, 'sms-run-1', least, never);
  expect(await target.ebs.describe(snapshotIds, never)).toEqual(new Map());
});
