// Credentials for each way to sign in to a target.
import { faultError } from '../../../replication/model/fault.ts';
import type { Lending } from '../../../replication/target/aws/lend.ts';
import {
  type Asking,
  assumedRole,
  checkRoleIsGuarded,
  defaultChain,
  type RoleToAssume,
} from '../../../replication/target/aws/sign-in.ts';
import type { AwsCredentials } from '../../../replication/target/aws/target.ts';
import { awsEnvironment } from '../../env.ts';
import type { SignIn } from '../targets/sign-in.ts';
import type { PlaceRow } from '../targets/store.ts';
import { believed } from './believed-sts.ts';

type Where = Pick<PlaceRow, 'targetId' | 'region' | 'endpoints'>;

/** Asked again whenever they are needed: whoever gives them keeps what does not change. @throws `aws-credentials-missing` */
export function credentialsFor(signIn: SignIn, where: Where): () => Promise<AwsCredentials> {
  switch (signIn.kind) {
    case 'environment':
      return always(environmentKey());
    case 'default-chain':
      return defaultChain(where.region);
    case 'access-key': {
      const { accessKeyId, secretAccessKey } = signIn;
      return always({ accessKeyId, secretAccessKey });
    }
    case 'assume-role':
      return assumedRole(consoleAt(where), roleOf(signIn, where));
  }
}

/** @throws `aws-role-unguarded` when a role is given without its external id */
export async function checkGuarded(signIn: SignIn, where: Where): Promise<void> {
  if (signIn.kind === 'assume-role') await checkRoleIsGuarded(consoleAt(where), roleOf(signIn, where));
}

/** Who asks STS for credentials to lend, and in which way. @throws `aws-credentials-missing` */
export function lenderFor(signIn: SignIn, where: Where): { asking: Asking; how: Lending } {
  if (signIn.kind === 'assume-role') {
    const { roleArn, externalId } = signIn;
    return { asking: consoleAt(where), how: { by: 'role', roleArn, externalId } };
  }
  const { region, endpoints } = where;
  const credentials = credentialsFor(signIn, where);
  return { asking: { region, endpoints: believed(endpoints), credentials }, how: { by: 'federation' } };
}

const always = (credentials: AwsCredentials) => async () => credentials;

function roleOf({ roleArn, externalId }: { roleArn: string; externalId: string }, where: Where): RoleToAssume {
  return { roleArn, externalId, sessionName: `landfall-${where.targetId}` };
}

/** The console itself, as it asks for a role: by its environment's key, or as whatever its machine is. */
function consoleAt({ region, endpoints }: Where): Asking {
  const own = keyOfEnvironment();
  return { region, endpoints: believed(endpoints), credentials: own ?? defaultChain(region) };
}

function keyOfEnvironment(): AwsCredentials | null {
  const { LANDFALL_AWS_ACCESS_KEY_ID: accessKeyId, LANDFALL_AWS_SECRET_ACCESS_KEY: secretAccessKey } = awsEnvironment();
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : null;
}

/** @throws `aws-credentials-missing` with what is missing */
function environmentKey(): AwsCredentials {
  const key = keyOfEnvironment();
  if (key) return key;
  throw faultError('aws-credentials-missing', {
    message: 'There is no key for AWS: LANDFALL_AWS_ACCESS_KEY_ID and LANDFALL_AWS_SECRET_ACCESS_KEY are not both set.',
  });
}
