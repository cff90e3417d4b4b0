// CreateTags, DeleteTags, DescribeTags over everything that carries tags.
import { AwsError } from '../service.ts';
import { applyFilters, page } from './describe.ts';
import { networkOf } from './network.ts';
import { checkForm, endDryRun, found, type IdKindName, readTags, tooManyTags } from './refusals.ts';
import type { Action, Ec2, ImageRecord, ImportTask, Tags } from './state.ts';

interface Tagged {
  type: string;
  tags: Tags;
  save(): void;
}

export function tagActions(ec2: Ec2): Record<string, Action> {
  return {
    CreateTags(parameters) {
      const tags = readTags(parameters);
      if (!Object.keys(tags).length)
        throw new AwsError(400, 'MissingParameter', 'The request must contain the parameter Tag');
      const resources = namedResources(ec2, parameters.list('ResourceId'));
      if (resources.some((one) => Object.keys({ ...one.tags, ...tags }).length > 50)) throw tooManyTags();
      endDryRun(parameters);
      for (const resource of resources) {
        Object.assign(resource.tags, tags);
        resource.save();
      }
      return { return: true };
    },

    DeleteTags(parameters) {
      const resources = namedResources(ec2, parameters.list('ResourceId'));
      const wanted = parameters
        .structures('Tag')
        .map((tag) => ({ key: tag.required('Key'), value: tag.text('Value') }));
      endDryRun(parameters);
      for (const resource of resources) {
        const keys = wanted.length ? wanted : Object.keys(resource.tags).map((key) => ({ key, value: undefined }));
        for (const { key, value } of keys) {
          if (value === undefined || resource.tags[key] === value) delete resource.tags[key];
        }
        resource.save();
      }
      return { return: true };
    },

    DescribeTags(parameters) {
      const all = everything(ec2).flatMap(([id, { type, tags }]) =>
        Object.entries(tags).map(([key, value]) => ({
          id: `${id}/${key}`,
          resource: id,
          type,
          key,
          value,
          tags: { [key]: value },
        })),
      );
      const left = applyFilters(all, parameters, {
        key: ({ key }) => [key],
        value: ({ value }) => [value],
        'resource-id': ({ resource }) => [resource],
        'resource-type': ({ type }) => [type],
      });
      const shown = page(left, parameters, { least: 5, most: 1000, byId: false });
      return {
        tagSet: shown.items.map(({ resource, type, key, value }) => ({
          resourceId: resource,
          resourceType: type,
          key,
          value,
        })),
        nextToken: shown.nextToken,
      };
    },
  };
}

/** Undefined for what is not there. */
export function tagsOf(ec2: Ec2, id: string): Tags | undefined {
  return everything(ec2).find(([known]) => known === id)?.[1].tags;
}

function namedResources(ec2: Ec2, ids: string[]): Tagged[] {
  if (!ids.length) throw new AwsError(400, 'MissingParameter', 'The request must contain the parameter ResourceId');
  const known = new Map(everything(ec2));
  return ids.map((id) => {
    const kind = kindOf(id);
    if (!kind) {
      const resource = known.get(id);
      if (resource) return resource;
      throw new AwsError(400, 'InvalidID', `The ID '${id}' is not valid`);
    }
    checkForm(kind, id);
    return found(kind, id, known.get(id));
  });
}

function kindOf(id: string): IdKindName | undefined {
  const kinds: [string, IdKindName][] = [
    ['import-snap-', 'importSnapshot'],
    ['import-ami-', 'importImage'],
    ['snap-', 'snapshot'],
    ['ami-', 'image'],
    ['i-', 'instance'],
    ['vol-', 'volume'],
    ['subnet-', 'subnet'],
    ['vpc-', 'vpc'],
    ['sg-', 'group'],
  ];
  return kinds.find(([prefix]) => id.startsWith(prefix))?.[1];
}

function everything(ec2: Ec2): [string, Tagged][] {
  const { state, snapshots } = ec2;
  const from = <T extends { id: string; tags: Tags }>(
    type: string,
    records: T[],
    save: (record: T) => void,
  ): [string, Tagged][] => records.map((record) => [record.id, { type, tags: record.tags, save: () => save(record) }]);
  const saveImage = (image: ImageRecord) => state.saveImage(image);
  const saveTask = (task: ImportTask) => state.saveTask(task);
  const saveRest = () => state.save();
  const tasks = Object.values(state.tasks);
  const network = networkOf(ec2);
  const fixtures = (type: string, items: { id: string }[]): [string, Tagged][] =>
    items.map(({ id }) => {
      const tags = state.fixtureTags[id] ?? {};
      const keep = () => {
        state.fixtureTags[id] = tags;
        state.save();
      };
      return [id, { type, tags, save: keep }];
    });
  return [
    ...from('snapshot', snapshots.list(), (record) => snapshots.save(record)),
    ...from('image', Object.values(state.images), saveImage),
    ...from('instance', Object.values(state.instances), saveRest),
    ...from('volume', Object.values(state.volumes), saveRest),
    ...from(
      'import-snapshot-task',
      tasks.filter(({ kind }) => kind === 'snapshot'),
      saveTask,
    ),
    ...from(
      'import-image-task',
      tasks.filter(({ kind }) => kind === 'image'),
      saveTask,
    ),
    ...fixtures('vpc', [{ id: network.vpcId }]),
    ...fixtures('subnet', network.subnets),
    ...fixtures('security-group', network.groups),
    ...fixtures('key-pair', network.keys),
    ...from('launch-template', Object.values(state.launchTemplates), saveRest),
    ...from('key-pair', Object.values(state.keyPairs), saveRest),
  ];
}
