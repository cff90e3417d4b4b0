// What each request to the lab's EC2 needs to be allowed: actions and resources with their tags.
// Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2".
import type { Right, Tags } from '../authorize.ts';
import { Parameters } from './query.ts';
import type { Ec2 } from './state.ts';
import { tagsOf } from './tags.ts';

interface Resource {
  type: string;
  /** Undefined for one that the request makes. */
  id?: string;
}

const TYPES: [prefix: string, type: string][] = [
  ['import-snap-', 'import-snapshot-task'],
  ['import-ami-', 'import-image-task'],
  ['snap-', 'snapshot'],
  ['ami-', 'image'],
  ['i-', 'instance'],
  ['vol-', 'volume'],
  ['eni-', 'network-interface'],
  ['subnet-', 'subnet'],
  ['sg-', 'security-group'],
  ['vpc-', 'vpc'],
  ['lt-', 'launch-template'],
  ['key-', 'key-pair'],
];

const named = (...ids: (string | undefined)[]): Resource[] =>
  ids.flatMap((id) => {
    const type = id && TYPES.find(([prefix]) => id.startsWith(prefix))?.[1];
    return type ? [{ type, id }] : [];
  });
const made = (...types: string[]): Resource[] => types.map((type) => ({ type }));
const snapshotsIn = (form: Parameters) =>
  form.structures('BlockDeviceMapping').flatMap((one) => named(one.structure('Ebs')?.text('SnapshotId')));

/** Actions that are missing here have no resources: they need the action on `*`. */
const RESOURCES: Record<string, (form: Parameters) => Resource[]> = {
  DeleteSnapshot: (form) => named(form.text('SnapshotId')),
  CopySnapshot: () => made('snapshot'),
  CreateTags: (form) => named(...form.list('ResourceId')),
  DeleteTags: (form) => named(...form.list('ResourceId')),
  RegisterImage: (form) => [...made('image'), ...snapshotsIn(form)],
  // Source and copy; AWS names the source by its own Region too.
  CopyImage: () => made('image'),
  ModifyImageAttribute: (form) => named(form.text('ImageId')),
  ModifySnapshotAttribute: (form) => named(form.text('SnapshotId')),
  DeregisterImage: (form) => named(form.text('ImageId')),
  ImportSnapshot: () => made('import-snapshot-task', 'snapshot'),
  ImportImage: (form) => [
    ...made('import-image-task', 'image'),
    ...form.structures('DiskContainer').flatMap((disk) => named(disk.text('SnapshotId'))),
  ],
  CancelImportTask: (form) => named(form.text('ImportTaskId')),
  RunInstances: (form) => [
    ...made('instance', 'network-interface', 'volume'),
    ...named(
      form.text('ImageId'),
      form.text('SubnetId'),
      ...form.list('SecurityGroupId'),
      form.structure('LaunchTemplate')?.text('LaunchTemplateId'),
    ),
    ...form
      .structures('NetworkInterface')
      .flatMap((one) => named(one.text('SubnetId'), ...one.list('SecurityGroupId'))),
    ...keyPair(form.text('KeyName')),
  ],
  StartInstances: (form) => named(...form.list('InstanceId')),
  StopInstances: (form) => named(...form.list('InstanceId')),
  TerminateInstances: (form) => named(...form.list('InstanceId')),
  GetConsoleOutput: (form) => named(form.text('InstanceId')),
  GetConsoleScreenshot: (form) => named(form.text('InstanceId')),
  DeleteVolume: (form) => named(form.text('VolumeId')),
  CreateKeyPair: (form) => keyPair(form.text('KeyName')),
  ImportKeyPair: (form) => keyPair(form.text('KeyName')),
  DeleteKeyPair: (form) => keyPair(form.text('KeyName')),
  CreateLaunchTemplate: () => made('launch-template'),
  CreateLaunchTemplateVersion: (form) => named(form.text('LaunchTemplateId')),
  DeleteLaunchTemplate: (form) => named(form.text('LaunchTemplateId')),
};

function keyPair(name: string | undefined): Resource[] {
  return name ? [{ type: 'key-pair', id: name }] : [];
}

/** In the order in which AWS is taken to look: what the request makes first. */
export function rightsOf(ec2: Ec2, action: string, fields: ReadonlyMap<string, string>): Right[] {
  const form = new Parameters(fields);
  const resources = RESOURCES[action]?.(form) ?? [];
  if (resources.length === 0) return [{ action: `ec2:${action}`, resource: '*' }];
  const given = tagsGiven(form);
  const creating = !['CreateTags', 'DeleteTags'].includes(action);
  const rights = resources.map(({ type, id }): Right => {
    const requestTags = creating ? (id === undefined ? given.get(type) : undefined) : tagsOfList(form);
    return {
      action: `ec2:${action}`,
      resource: arnOf(ec2, type, id),
      ...(id !== undefined && { resourceTags: tagsOf(ec2, id) ?? {} }),
      ...(requestTags && { requestTags }),
      ...(type === 'instance' && { conditions: { 'ec2:InstanceType': form.text('InstanceType') } }),
    };
  });
  // Whoever tags while making something must be allowed to tag, too.
  const tagging = [...given].map(
    ([type, requestTags]): Right => ({
      action: 'ec2:CreateTags',
      resource: arnOf(ec2, type),
      requestTags,
      conditions: { 'ec2:CreateAction': action },
    }),
  );
  return [...rights, ...(creating ? tagging : [])];
}

/** Snapshots and images are everybody's in name: their ARNs have no account. */
function arnOf({ context: { region, account } }: Ec2, type: string, id = '*'): string {
  return `arn:aws:ec2:${region}:${type === 'snapshot' || type === 'image' ? '' : account}:${type}/${id}`;
}

function tagsGiven(form: Parameters): Map<string, Tags> {
  const byType = new Map<string, Tags>();
  for (const one of form.structures('TagSpecification')) {
    const type = one.text('ResourceType');
    if (type) byType.set(type, { ...byType.get(type), ...tagsOfList(one) });
  }
  return byType;
}

function tagsOfList(form: Parameters): Tags {
  return Object.fromEntries(
    form.structures('Tag').flatMap((tag) => {
      const key = tag.text('Key');
      return key ? [[key, tag.text('Value') ?? '']] : [];
    }),
  );
}
