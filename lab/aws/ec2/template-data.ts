// The parameters of a launch as DescribeLaunchTemplateVersions shows them: response names for request names.
import { Listed, type Xml } from './query.ts';

/** Where the response's name is not the request's with a small first letter. Lists become sets. */
const names: Record<string, string> = {
  BlockDeviceMapping: 'blockDeviceMappingSet',
  NetworkInterface: 'networkInterfaceSet',
  TagSpecification: 'tagSpecificationSet',
  Tag: 'tagSet',
  SecurityGroup: 'securityGroupSet',
  SecurityGroupId: 'securityGroupIdSet',
};

/** Flags and numbers stay texts, which is what they are in XML. */
export function templateDataXml(fields: Readonly<Record<string, string>>, within = ''): Xml {
  const groups = Map.groupBy(Object.entries(fields), ([name]) => name.split('.')[0] ?? '');
  const shown: { [name: string]: Xml } = {};
  for (const [name, entries] of groups) {
    if (within === 'NetworkInterface' && name === 'SecurityGroupId') {
      shown.groupSet = new Listed(
        'groupId',
        entries.map(([, value]) => value),
      );
      continue;
    }
    const title = names[name] ?? name.charAt(0).toLowerCase() + name.slice(1);
    shown[title] = shownValue(name, entries);
  }
  return shown;
}

function shownValue(name: string, entries: [string, string][]): Xml {
  const [first] = entries;
  if (first?.[0] === name) return first[1];
  const rest = entries.map(([key, value]): [string, string] => [key.slice(name.length + 1), value]);
  if (!/^\d+(\.|$)/.test(rest[0]?.[0] ?? '')) return templateDataXml(Object.fromEntries(rest), name);
  const items = Map.groupBy(rest, ([key]) => Number(key.split('.')[0]));
  return [...items]
    .sort(([a], [b]) => a - b)
    .map(([, item]) => {
      if (!item[0]?.[0].includes('.')) return item[0]?.[1];
      return templateDataXml(Object.fromEntries(item.map(([key, value]) => [key.replace(/^\d+\./, ''), value])), name);
    });
}
