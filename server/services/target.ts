// The AWS target of this installation. One, from the environment, for now; runs copy Region and bucket when they are made.
import { faultError } from '../../replication/model/fault.ts';
import { awsEnvironment } from '../env.ts';

/** In the shape that replication/target opens. */
export interface ConfiguredTarget {
  region: string;
  bucket: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  endpoints?: { s3?: string; ec2?: string; ebs?: string; sts?: string };
  importRole?: string;
}

/** The configured target. Throws `input-invalid` with what is missing. */
export function awsTargetConfig(): ConfiguredTarget {
  const env = awsEnvironment();
  const missing = (
    [
      'LANDFALL_AWS_REGION',
      'LANDFALL_AWS_BUCKET',
      'LANDFALL_AWS_ACCESS_KEY_ID',
      'LANDFALL_AWS_SECRET_ACCESS_KEY',
    ] as const
  ).filter((name) => !env[name]);
  if (missing.length > 0) {
    throw faultError('input-invalid', {
      message: `The AWS target is not configured: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set.`,
      remedy: 'Set these variables for web and worker and start again (docs/operations.md).',
    });
  }
  const endpoints = {
    s3: env.LANDFALL_AWS_ENDPOINT_S3,
    ec2: env.LANDFALL_AWS_ENDPOINT_EC2,
    ebs: env.LANDFALL_AWS_ENDPOINT_EBS,
    sts: env.LANDFALL_AWS_ENDPOINT_STS,
  };
  return {
    region: env.LANDFALL_AWS_REGION as string,
    bucket: env.LANDFALL_AWS_BUCKET as string,
    credentials: {
      accessKeyId: env.LANDFALL_AWS_ACCESS_KEY_ID as string,
      secretAccessKey: env.LANDFALL_AWS_SECRET_ACCESS_KEY as string,
    },
    ...(Object.values(endpoints).some(Boolean)
      ? { endpoints: endpoints as NonNullable<ConfiguredTarget['endpoints']> }
      : {}),
    ...(env.LANDFALL_AWS_IMPORT_ROLE ? { importRole: env.LANDFALL_AWS_IMPORT_ROLE } : {}),
  };
}
