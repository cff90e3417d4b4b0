// Tries the console's rights one by one, each by the very call that needs it, and looks at the bucket and the role of VM Import.
import type { TargetFinding } from '../../../model/target-test.ts';
import { createClients } from '../clients.ts';
import type { AwsTargetConfig } from '../target.ts';
import { lookAtBucket } from './look-at-bucket.ts';
import { type Right, rightsOf } from './rights.ts';
import { covers, NO_TIME, notTried, type Said, Trial, type TrialOptions, type Tried } from './trial.ts';
import { tryOnNobodysSnapshot, tryOnScratchSnapshot } from './try-ebs.ts';
import { findOwn, lookAtImportRole, tryEc2 } from './try-ec2.ts';
import { tryOnBucket, tryOnObjects } from './try-s3.ts';

export interface Trials {
  /** As whom AWS knows the console; null when it does not say. */
  arn: string | null;
  account: string | null;
  tried: Tried[];
  findings: TargetFinding[];
}

/** A person waits. */
const LIMITS = { attempts: 2, attemptSeconds: 6, idleSeconds: 6 };
const AT_ONCE = 6;

/** Ends with `signal`: what could not be tried by then says so. */
export async function tryRights(config: AwsTargetConfig, options: TrialOptions, signal: AbortSignal): Promise<Trials> {
  const clients = createClients(config, LIMITS);
  try {
    const first = new Trial(clients, config, options, signal);
    let arn: string | null = null;
    let account: string | null = null;
    const identity = await first.judge(async () => {
      const answer = await first.identity();
      arn = answer.Arn ?? null;
      account = answer.Account ?? null;
    }, 'AWS says whose key it is.');
    const trial = account ? new Trial(clients, { ...config, account }, options, signal) : first;
    const [tried, findings] = await Promise.all([tryAll(trial, identity), lookAtBucket(trial, account)]);
    if (options.chosen.transfer === 's3') findings.push(await lookAtImportRole(trial));
    return { arn, account, tried, findings };
  } finally {
    clients.close();
  }
}

async function tryAll(trial: Trial, identity: Said): Promise<Tried[]> {
  const rights = rightsOf('console', trial.options.chosen);
  const [own, scratch, staged, digests] = await Promise.all([
    findOwn(trial),
    trial.options.withSnapshot ? tryOnScratchSnapshot(trial) : new Map<string, Said>(),
    tryOnObjects(trial, 'staged'),
    tryOnObjects(trial, 'digests'),
  ]);
  const one = async ({ action, on }: Right): Promise<Said> => {
    if (action === 'sts:GetCallerIdentity') return identity;
    if (on === 'copies' || on === 'copy-keys')
      return notTried('It shows with the first copy of an AMI, which AWS lets nobody try out.');
    const known = on === 'staged' ? staged.get(action) : on === 'digests' ? digests.get(action) : scratch.get(action);
    if (known) return known;
    if (trial.signal.aborted) return notTried(NO_TIME);
    if (action === 'sts:GetFederationToken') return trial.tryToLend();
    if (on === 'bucket') return tryOnBucket(trial, action);
    if (on === 'snapshots' || on === 'key') return tryOnNobodysSnapshot(trial, action);
    return (await tryEc2(trial, action, own)) ?? notTried('There is no way to try it.');
  };
  const said = new Map<Right, Said>();
  const waiting = [...rights];
  const work = async () => {
    for (let right = waiting.shift(); right; right = waiting.shift()) said.set(right, ofThis(right, await one(right)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return rights.map((right) => ({ right, ...(said.get(right) ?? notTried(NO_TIME)) }));
}

/** A call may need several rights: for want of another one it says nothing of this one. */
function ofThis({ action }: Right, said: Said): Said {
  const lacking = said.denial?.action;
  if (!lacking || covers(action, lacking)) return said;
  return notTried(`AWS refused the call for want of ${lacking}, before it came to this right.`);
}
