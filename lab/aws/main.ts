// The lab's AWS: S3, STS, EC2 and EBS direct behind one HTTP port, with real bytes on disk. Started by lab/main.ts and by tests.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FaultRules } from '../faults/rules.ts';
import { type KeyPair, type LabAccount, type OneAccount, openAccount } from './account.ts';
import type { LabAwsPart } from './context.ts';
import { iamControl } from './iam/control.ts';
import { Directory } from './iam/directory.ts';
import type { PacedContext } from './pace.ts';
import { Regions } from './regions.ts';
import { RequestCounts } from './request-counts.ts';
import { createS3 } from './s3/service.ts';
import { createFrontDoor } from './server.ts';
import { createSts } from './sts/service.ts';

export interface LabAwsOptions {
  /** The lab's data folder; everything of AWS is kept in its subfolder `aws`. */
  dataDir: string;
  /** 127.0.0.1 unless given. */
  host?: string;
  /** 0 or none: any free port. */
  port?: number;
  faults: FaultRules;
  /** False: instances are only pretended even where QEMU is installed. */
  guestQemu?: boolean;
  /** The lab's clock, for tests. */
  now?: () => Date;
  log?: (line: string) => void;
  /** How slowly tasks, snapshots and instances change by themselves: 1 (seconds, to be watched) unless given. */
  timeScale?: number;
}

export interface LabAws {
  /** The endpoint of every service. */
  url: string;
  port: number;
  /** May do everything. */
  credentials: KeyPair;
  /** May do what a connector may: objects under `stagingPrefix`, and EBS direct. */
  connector: KeyPair & { stagingPrefix: string };
  role: LabAccount['role'];
  /** Another account, with a bucket, a key and a role of its own. */
  second: OneAccount;
  region: string;
  account: string;
  bucket: string;
  // biome-ignore lint/suspicious/noExplicitAny: control calls take whatever JSON their caller posts and check it themselves
  control: Record<string, (input?: any) => Promise<unknown>>;
  close(): Promise<void>;
}

/** Starts it, or goes on with what `dataDir` holds. */
export async function startLabAws(options: LabAwsOptions): Promise<LabAws> {
  const {
    host = '127.0.0.1',
    port = 0,
    faults,
    log = () => {},
    now = () => new Date(),
    guestQemu = true,
    timeScale = 1,
  } = options;
  const dataDir = join(options.dataDir, 'aws');
  const account = openAccount(dataDir);
  const directory = new Directory(account, dataDir);
  const counts = new RequestCounts();
  const basis = { dataDir, account: account.account, region: account.region, faults, log, now, guestQemu };
  const s3 = await createS3(basis, directory.accounts);
  const context: PacedContext = { ...basis, timeScale, s3: s3.staged, snapshots: undefined };
  const sts = createSts(context, directory);
  const regions = new Regions(context, directory);
  const parts: LabAwsPart[] = [s3, sts, regions.ec2, regions.ebs];
  const stopping = new AbortController();
  const server = createFrontDoor(
    {
      context,
      directory,
      counts,
      services: { s3: s3.service, sts: sts.service, ec2: regions.ec2.service, ebs: regions.ebs.service },
    },
    stopping.signal,
  );
  await listen(server, host, port);
  const bound = (server.address() as AddressInfo).port;
  const { credentials, connector, role, region, bucket, second } = account;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    credentials,
    connector,
    role,
    second,
    region,
    account: account.account,
    bucket,
    control: {
      ...joined(parts),
      ...iamControl(directory),
      credentials: async () => ({ credentials, connector, role, region, account: account.account, bucket }),
      requests: async (input: { service?: string; reset?: boolean } = {}) => {
        const report = counts.report(input.service);
        if (input.reset) counts.reset();
        return report;
      },
    },
    close: async () => {
      stopping.abort(new Error('the lab stops'));
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      for (const part of parts) await part.close();
    },
  };
}

function joined(parts: LabAwsPart[]): LabAws['control'] {
  const calls: LabAws['control'] = {};
  for (const [name, call] of parts.flatMap(({ control }) => Object.entries(control))) {
    if (calls[name]) throw new Error(`two services of the lab's AWS have a control call ${name}`);
    calls[name] = call;
  }
  return calls;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
