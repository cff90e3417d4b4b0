// Which STS is believed. What STS says decides whose account a target is of and whether a role asks for its external id, so it is
// never one of a member's own choice: AWS's, or the one that the environment names.
import { faultError } from '../../../replication/model/fault.ts';
import type { AwsTargetConfig } from '../../../replication/target/aws/target.ts';
import { awsEnvironment } from '../../env.ts';

type Endpoints = AwsTargetConfig['endpoints'];

const DOMAIN = String.raw`(amazonaws\.com(\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn)`;
/** Global, of a Region, FIPS, and through PrivateLink (IAM user guide, "AWS STS Regions and endpoints"). */
const AWS_OWN = new RegExp(
  String.raw`^(sts(-fips)?(\.[a-z0-9-]+)?|vpce-[a-z0-9-]+\.sts(-fips)?\.[a-z0-9-]+\.vpce)\.${DOMAIN}$`,
);

function isBelieved(address: string): boolean {
  const url = new URL(address);
  const named = awsEnvironment().LANDFALL_AWS_ENDPOINT_STS;
  if (named && new URL(named).href === url.href) return true;
  return url.protocol === 'https:' && url.port === '' && !url.username && AWS_OWN.test(url.hostname);
}

/** The same, but that an STS which is not believed gives way to the environment's, or else to AWS's. */
export function believed(endpoints: Endpoints): Endpoints {
  if (!endpoints?.sts || isBelieved(endpoints.sts)) return endpoints;
  const { sts: _own, ...rest } = endpoints;
  const named = awsEnvironment().LANDFALL_AWS_ENDPOINT_STS;
  return named ? { ...rest, sts: named } : rest;
}

/** For what a person says of a place. @throws `input-invalid` when its STS is not believed */
export function checkSts(endpoints: Endpoints): void {
  if (!endpoints?.sts || isBelieved(endpoints.sts)) return;
  throw faultError('input-invalid', {
    message: `${endpoints.sts} is no address of AWS's STS. What STS says of accounts and roles is believed, so members cannot name another one.`,
    remedy:
      'Leave the address of STS out, or give one of AWS, such as that of a VPC endpoint. Another one is named by the operator in LANDFALL_AWS_ENDPOINT_STS.',
  });
}
