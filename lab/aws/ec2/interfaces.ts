// Network interfaces, which instances bring with them, and the route table of the VPC.
import { createHash } from 'node:crypto';
import { AwsError } from '../service.ts';
import { applyFilters, page } from './describe.ts';
import { ownInterfaceXml } from './interface-xml.ts';
import { networkOf } from './network.ts';
import type { Xml } from './query.ts';
import { found } from './refusals.ts';
import type { Action, Ec2, Tags } from './state.ts';

const rule = { least: 5, most: 1000 };

export function interfaceActions(ec2: Ec2): Record<string, Action> {
  const { state, context } = ec2;
  const network = networkOf(ec2);
  return {
    DescribeNetworkInterfaces(parameters) {
      const ids = parameters.list('NetworkInterfaceId');
      const all = Object.values(state.instances)
        .filter((instance) => instance.state !== 'terminated')
        .map((instance) => ({ id: instance.interfaceId, tags: instance.interface?.tags ?? {}, instance }));
      for (const id of ids) {
        found(
          'networkInterface',
          id,
          all.find((one) => one.id === id),
        );
      }
      const show = ({ instance }: (typeof all)[number]): Xml => ownInterfaceXml(ec2, instance);
      const left = applyFilters(all, parameters, {}, { as: 'networkInterface', xml: show });
      const chosen = left.filter(({ id }) => !ids.length || ids.includes(id));
      const shown = page(chosen, parameters, { ...rule, byId: ids.length > 0 });
      return { networkInterfaceSet: shown.items.map(show), nextToken: shown.nextToken };
    },

    DescribeRouteTables(parameters) {
      const ids = parameters.list('RouteTableId');
      const id = madeUpId('rtb', network.vpcId);
      const unknown = ids.find((one) => one !== id);
      if (unknown) {
        throw new AwsError(400, 'InvalidRouteTableID.NotFound', `The routeTable ID '${unknown}' does not exist`);
      }
      const tags: Tags = {};
      // As in every default VPC: one main table, which its subnets share without an association of their own.
      const show = (): Xml => ({
        routeTableId: id,
        vpcId: network.vpcId,
        ownerId: context.account,
        routeSet: [
          {
            destinationCidrBlock: '172.31.0.0/16',
            gatewayId: 'local',
            state: 'active',
            origin: 'CreateRouteTable',
          },
          {
            destinationCidrBlock: '0.0.0.0/0',
            gatewayId: madeUpId('igw', network.vpcId),
            state: 'active',
            origin: 'CreateRoute',
          },
        ],
        associationSet: [
          {
            routeTableAssociationId: madeUpId('rtbassoc', network.vpcId),
            routeTableId: id,
            main: true,
            associationState: { state: 'associated' },
          },
        ],
        propagatingVgwSet: [],
        tagSet: [],
      });
      const left = applyFilters([{ id, tags }], parameters, {}, { as: 'routeTable', xml: show });
      const shown = page(left, parameters, { ...rule, byId: ids.length > 0 });
      return { routeTableSet: shown.items.map(show), nextToken: shown.nextToken };
    },
  };
}

/** The same in every start of the lab. */
function madeUpId(prefix: string, vpcId: string): string {
  return `${prefix}-0${createHash('sha256').update(`${prefix}/${vpcId}`).digest('hex').slice(0, 16)}`;
}
