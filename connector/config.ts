// What the connector is told: by variables, or by `connector.json` in its folder. Its set-up wizard will write that file.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** All of them or no key. */
const OF_A_KEY = ['region', 'bucket', 'accessKeyId', 'secretAccessKey'] as const;

const configSchema = z.object({
  /** Folder for what must last: enrolment, certificate pins. */
  dir: z.string(),
  /** Where the console is reached. */
  consoleUrl: z.url(),
  name: z.string().min(1).max(120),
  /** One-time code; needed until the connector is enrolled. */
  enrolCode: z.string().optional(),
  vcenter: z.object({
    url: z.url(),
    user: z.string().min(1),
    password: z.string().min(1),
    /** SHA-256 fingerprint to trust; without it the first certificate seen is pinned. */
    fingerprint: z.string().optional(),
    /** Folder of VMware's VDDK, where the user has it; nbdkit reads with it. */
    vddk: z.string().optional(),
    /** nbdkit's program, when it is not in the PATH. */
    nbdkit: z.string().optional(),
  }),
  /** A key of its own, with the place where its health is checked; without one it takes what the console lends to each run. */
  aws: z
    .object({
      region: z.string().min(1).optional(),
      bucket: z.string().min(1).optional(),
      accessKeyId: z.string().min(1).optional(),
      secretAccessKey: z.string().min(1).optional(),
      endpoints: z.object({
        s3: z.url().optional(),
        ec2: z.url().optional(),
        ebs: z.url().optional(),
        sts: z.url().optional(),
      }),
    })
    .superRefine((aws, context) => {
      if (!aws.accessKeyId && !aws.secretAccessKey) return;
      for (const name of OF_A_KEY) {
        if (aws[name]) continue;
        context.addIssue({ code: 'custom', path: [name], message: 'needed with an AWS key of its own' });
      }
    }),
  /** Tasks at once. */
  concurrency: z.number().int().min(1).max(50),
});
export type ConnectorConfig = z.infer<typeof configSchema>;

export class ConfigError extends Error {}

type Deep = { [name: string]: Deep | string | number | undefined };

/** Variables win over the file. Throws ConfigError with everything that is missing or wrong, by variable. */
export function readConfig(env: NodeJS.ProcessEnv, hostName: string): ConnectorConfig {
  const dir = path.resolve(env.LANDFALL_CONNECTOR_DIR ?? 'data/connector');
  const file = readFile(path.join(dir, 'connector.json'));
  const merged = merge(
    {
      name: hostName,
      // Runs at once are limited in the console; this bounds the machine.
      concurrency: 16,
      aws: { endpoints: {} },
      vcenter: {},
    },
    file,
    {
      dir,
      consoleUrl: env.LANDFALL_URL,
      name: env.LANDFALL_CONNECTOR_NAME,
      enrolCode: env.LANDFALL_ENROL_CODE,
      concurrency: env.LANDFALL_CONNECTOR_TASKS ? Number(env.LANDFALL_CONNECTOR_TASKS) : undefined,
      vcenter: {
        url: env.LANDFALL_VM_MANAGER_URL,
        user: env.LANDFALL_VM_MANAGER_USER,
        password: env.LANDFALL_VM_MANAGER_PASSWORD,
        fingerprint: env.LANDFALL_VM_MANAGER_FINGERPRINT,
        vddk: env.LANDFALL_VDDK,
        nbdkit: env.LANDFALL_NBDKIT,
      },
      aws: {
        region: env.LANDFALL_AWS_REGION,
        bucket: env.LANDFALL_AWS_BUCKET,
        accessKeyId: env.LANDFALL_AWS_ACCESS_KEY_ID,
        secretAccessKey: env.LANDFALL_AWS_SECRET_ACCESS_KEY,
        endpoints: {
          s3: env.LANDFALL_AWS_ENDPOINT_S3,
          ec2: env.LANDFALL_AWS_ENDPOINT_EC2,
          ebs: env.LANDFALL_AWS_ENDPOINT_EBS,
          sts: env.LANDFALL_AWS_ENDPOINT_STS,
        },
      },
    },
  );
  const parsed = configSchema.safeParse(merged);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(
    `The connector is not configured (variables, or ${path.join(dir, 'connector.json')}):\n${lines.join('\n')}`,
  );
}

function readFile(name: string): Deep {
  let text: string;
  try {
    text = readFileSync(name, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ConfigError(`${name} cannot be read: ${(error as Error).message}`);
  }
  try {
    return JSON.parse(text) as Deep;
  } catch (error) {
    throw new ConfigError(`${name} is not valid JSON: ${(error as Error).message}`);
  }
}

function merge(...layers: Deep[]): Deep {
  const result: Deep = {};
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer)) {
      if (value === undefined || value === '') continue;
      const before = result[name];
      result[name] = typeof value === 'object' && typeof before === 'object' ? merge(before, value) : value;
    }
  }
  return result;
}
