// What awscli and boto3 need to know of the lab's AWS.
import type { LabAws } from '../lab/aws/main.ts';

/** The lab's keys and nothing of whoever runs the tests: no configuration file, no instance profile, no pager. */
export function awsEnvironment({ url, region, credentials }: LabAws): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: url,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    // What is refused must not be asked again.
    AWS_MAX_ATTEMPTS: '1',
    AWS_DEFAULT_OUTPUT: 'json',
  };
}
