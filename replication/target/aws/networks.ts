// The networks and key pairs of an AWS target, for the launch wizard.
import type { Tag } from '@aws-sdk/client-ec2';
import type { AwsClients } from './clients.ts';
import type { Instances } from './target.ts';

type Networks = Awaited<ReturnType<Instances['networks']>>;

export function createNetworks(clients: AwsClients): Instances['networks'] {
  async function vpcs(signal: AbortSignal): Promise<Networks['vpcs']> {
    const found = await pages((page) =>
      clients.ec2('ec2:DescribeVpcs', signal, (ec2, http) => ec2.describeVpcs(page, http)),
    );
    return found
      .flatMap((page) => page.Vpcs ?? [])
      .map((vpc) => ({
        id: vpc.VpcId ?? '',
        name: nameOf(vpc.Tags),
        cidr: vpc.CidrBlock ?? '',
        isDefault: vpc.IsDefault ?? false,
      }));
  }

  async function subnets(signal: AbortSignal): Promise<Networks['subnets']> {
    const found = await pages((page) =>
      clients.ec2('ec2:DescribeSubnets', signal, (ec2, http) => ec2.describeSubnets(page, http)),
    );
    return found
      .flatMap((page) => page.Subnets ?? [])
      .map((subnet) => ({
        id: subnet.SubnetId ?? '',
        vpcId: subnet.VpcId ?? '',
        name: nameOf(subnet.Tags),
        cidr: subnet.CidrBlock ?? '',
        zone: subnet.AvailabilityZone ?? '',
        publicByDefault: subnet.MapPublicIpOnLaunch ?? false,
      }));
  }

  async function securityGroups(signal: AbortSignal): Promise<Networks['securityGroups']> {
    const found = await pages((page) =>
      clients.ec2('ec2:DescribeSecurityGroups', signal, (ec2, http) => ec2.describeSecurityGroups(page, http)),
    );
    return found
      .flatMap((page) => page.SecurityGroups ?? [])
      .map((group) => ({
        id: group.GroupId ?? '',
        vpcId: group.VpcId ?? '',
        name: group.GroupName ?? '',
        description: group.Description ?? '',
      }));
  }

  async function keyPairs(signal: AbortSignal): Promise<string[]> {
    const answer = await clients.ec2('ec2:DescribeKeyPairs', signal, (ec2, http) => ec2.describeKeyPairs({}, http));
    return (answer.KeyPairs ?? []).flatMap((pair) => pair.KeyName ?? []).sort();
  }

  return async (signal) => {
    const [foundVpcs, foundSubnets, foundGroups, foundKeys] = await Promise.all([
      vpcs(signal),
      subnets(signal),
      securityGroups(signal),
      keyPairs(signal),
    ]);
    return { vpcs: foundVpcs, subnets: foundSubnets, securityGroups: foundGroups, keyPairs: foundKeys };
  };
}

/** All pages of a describe call. */
async function pages<Page extends { NextToken?: string | undefined }>(
  ask: (input: { MaxResults: number; NextToken?: string }) => Promise<Page>,
): Promise<Page[]> {
  const found: Page[] = [];
  for (let token: string | undefined, first = true; first || token; first = false) {
    const page = await ask({ MaxResults: 200, ...(token && { NextToken: token }) });
    found.push(page);
    token = page.NextToken;
  }
  return found;
}

function nameOf(tags: Tag[] | undefined): string {
  return tags?.find((tag) => tag.Key === 'Name')?.Value ?? '';
}
