// Starts a lab AWS in a folder of its own with clients of the official SDK.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { FaultRules } from '../faults/rules.ts';
import { type LabAws, type LabAwsOptions, startLabAws } from './main.ts';

export interface TestLab extends AsyncDisposable {
  aws: LabAws;
  faults: FaultRules;
  dataDir: string;
  /** What the lab logged: errors of its own that a client would only see as a 500. */
  lines: string[];
  s3(config?: Partial<S3ClientConfig>): S3Client;
  /** Stops it and starts it again on the same folder. */
  restart(): Promise<void>;
}

export async function startTestLab(options: Partial<LabAwsOptions> = {}): Promise<TestLab> {
  const dataDir = await mkdtemp(join(tmpdir(), 'lab-aws-'));
  const faults = new FaultRules();
  const lines: string[] = [];
  const start = (): Promise<LabAws> =>
    startLabAws({ dataDir, faults, guestQemu: false, log: (line) => lines.push(line), ...options });
  const clients: S3Client[] = [];
  const lab: TestLab = {
    aws: await start(),
    faults,
    dataDir,
    lines,
    s3: (config = {}) => {
      const { url, region, credentials } = lab.aws;
      const client = new S3Client({ endpoint: url, region, credentials, forcePathStyle: true, ...config });
      clients.push(client);
      return client;
    },
    restart: async () => {
      await lab.aws.close();
      lab.aws = await start();
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.destroy();
      await lab.aws.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return lab;
}

/** What the promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<{
  name: string;
  message: string;
  $metadata?: { httpStatusCode?: number };
}> {
  try {
    await promise;
  } catch (error) {
    return error as { name: string; message: string };
  }
  throw new Error('it did not fail');
}
