// Launch templates: versions of the parameters of a launch, and what a launch takes from them.
import { AwsError } from '../service.ts';
import { newId } from '../snapshots/store.ts';
import { applyFilters, page, tagSet } from './describe.ts';
import { Parameters, type Xml } from './query.ts';
import { endDryRun, invalid, tagsFor, tokenMismatch } from './refusals.ts';
import type { Action, Ec2, LaunchTemplateRecord } from './state.ts';
import { templateDataXml } from './template-data.ts';

type Version = LaunchTemplateRecord['versions'][number];

const prefix = 'LaunchTemplateData.';

export function launchTemplateActions(ec2: Ec2): Record<string, Action> {
  const { state } = ec2;
  const versionOf = (parameters: Parameters, number: number, base?: Version): Version => {
    const data = templateFields(parameters);
    return {
      number,
      created: ec2.context.now().toISOString(),
      description: parameters.text('VersionDescription') ?? '',
      fields: { ...base?.fields, ...data },
    };
  };
  return {
    CreateLaunchTemplate(parameters) {
      const name = parameters.required('LaunchTemplateName');
      const clientToken = parameters.text('ClientToken');
      const print = JSON.stringify([name, templateFields(parameters)]);
      const earlier = Object.values(state.launchTemplates).find(
        (one) => clientToken && one.clientToken === clientToken,
      );
      if (earlier && earlier.fingerprint !== print) throw tokenMismatch();
      if (earlier) return { launchTemplate: templateXml(ec2, earlier) };
      if (!/^[a-zA-Z0-9()./_-]{3,128}$/.test(name)) {
        throw new AwsError(
          400,
          'InvalidLaunchTemplateName.MalformedException',
          'Launch template names must be between 3 and 128 characters long, and may contain letters, numbers, and the characters - ( ) . / _',
        );
      }
      if (Object.values(state.launchTemplates).some((one) => one.name === name)) {
        throw new AwsError(
          400,
          'InvalidLaunchTemplateName.AlreadyExistsException',
          'Launch template name already in use.',
        );
      }
      const record: LaunchTemplateRecord = {
        id: newId('lt'),
        name,
        created: ec2.context.now().toISOString(),
        ...(clientToken ? { clientToken } : {}),
        fingerprint: print,
        defaultVersion: 1,
        versions: [versionOf(parameters, 1)],
        tags: tagsFor(parameters, ['launch-template'])['launch-template'] ?? {},
      };
      endDryRun(parameters);
      state.launchTemplates[record.id] = record;
      state.save();
      return { launchTemplate: templateXml(ec2, record) };
    },

    CreateLaunchTemplateVersion(parameters) {
      const template = findTemplate(ec2, parameters);
      const source = parameters.text('SourceVersion');
      const base = source === undefined ? undefined : versionNamed(template, source);
      const number = Math.max(...template.versions.map((one) => one.number)) + 1;
      const version = versionOf(parameters, number, base);
      endDryRun(parameters);
      template.versions.push(version);
      state.save();
      return { launchTemplateVersion: versionXml(ec2, template, version) };
    },

    DescribeLaunchTemplates(parameters) {
      const ids = parameters.list('LaunchTemplateId');
      const names = parameters.list('LaunchTemplateName');
      for (const id of ids) templateBy(ec2, id, undefined);
      for (const name of names) templateBy(ec2, undefined, name);
      const named = ({ id, name }: LaunchTemplateRecord) => ids.includes(id) || names.includes(name);
      const chosen = Object.values(state.launchTemplates).filter((one) => (!ids.length && !names.length) || named(one));
      const show = (one: LaunchTemplateRecord): Xml => templateXml(ec2, one);
      const left = applyFilters(chosen, parameters, {}, { as: 'launchTemplate', xml: show });
      const shown = page(left, parameters, { least: 1, most: 200, byId: false });
      return { launchTemplates: shown.items.map(show), nextToken: shown.nextToken };
    },

    DescribeLaunchTemplateVersions(parameters) {
      const wanted = parameters.list('LaunchTemplateVersion');
      const least = parameters.integer('MinVersion') ?? 0;
      const most = parameters.integer('MaxVersion') ?? Number.POSITIVE_INFINITY;
      const one = parameters.text('LaunchTemplateId') ?? parameters.text('LaunchTemplateName');
      if (one === undefined && !wanted.length) {
        throw new AwsError(400, 'MissingParameter', 'The request must contain LaunchTemplateId or LaunchTemplateName.');
      }
      const templates = one === undefined ? Object.values(state.launchTemplates) : [findTemplate(ec2, parameters)];
      const all = templates.flatMap((template) => {
        const versions = wanted.length ? wanted.map((name) => versionNamed(template, name)) : template.versions;
        return [...new Set(versions)]
          .filter(({ number }) => number >= least && number <= most)
          .map((version) => ({ id: `${template.id}/${String(version.number).padStart(9, '0')}`, template, version }));
      });
      const show = ({ template, version }: (typeof all)[number]): Xml => versionXml(ec2, template, version);
      const left = applyFilters(all, parameters, {}, { as: 'launchTemplateVersion', xml: show });
      const shown = page(left, parameters, { least: 1, most: 200, byId: false });
      return { launchTemplateVersionSet: shown.items.map(show), nextToken: shown.nextToken };
    },

    DeleteLaunchTemplate(parameters) {
      const template = findTemplate(ec2, parameters);
      endDryRun(parameters);
      delete state.launchTemplates[template.id];
      state.save();
      return { launchTemplate: templateXml(ec2, template) };
    },
  };
}

/** What a launch asks for, and below it what its template says. Block devices and tags are put together, all else is overruled. */
export function withTemplate(
  ec2: Ec2,
  parameters: Parameters,
): { parameters: Parameters; tags: Record<string, string> } {
  const named = parameters.structure('LaunchTemplate');
  if (!named) return { parameters, tags: {} };
  const template = findTemplate(ec2, named);
  const version = versionNamed(template, named.text('Version') ?? '$Default');
  const own = new Set([...parameters.fields.keys()].map((name) => name.split('.')[0] ?? ''));
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(version.fields)) {
    const [top = ''] = name.split('.');
    if (['BlockDeviceMapping', 'TagSpecification'].includes(top) || !own.has(top)) fields.set(name, value);
  }
  for (const [name, value] of parameters.fields) {
    // The request's come after the template's, and so have the last word.
    const list = /^(BlockDeviceMapping|TagSpecification)\.(\d+)\.(.*)$/.exec(name);
    fields.set(list ? `${list[1]}.${Number(list[2]) + 1000}.${list[3]}` : name, value);
  }
  return {
    parameters: new Parameters(fields),
    tags: { 'aws:ec2launchtemplate:id': template.id, 'aws:ec2launchtemplate:version': String(version.number) },
  };
}

function templateFields(parameters: Parameters): Record<string, string> {
  const data = [...parameters.fields].filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(data.map(([name, value]) => [name.slice(prefix.length), value]));
}

function findTemplate(ec2: Ec2, parameters: Parameters): LaunchTemplateRecord {
  const id = parameters.text('LaunchTemplateId');
  const name = parameters.text('LaunchTemplateName');
  if ((id === undefined) === (name === undefined)) {
    throw new AwsError(
      400,
      id === undefined ? 'MissingParameter' : 'InvalidParameterCombination',
      'The request must contain either LaunchTemplateId or LaunchTemplateName.',
    );
  }
  return templateBy(ec2, id, name);
}

function templateBy({ state }: Ec2, id: string | undefined, name: string | undefined): LaunchTemplateRecord {
  if (id !== undefined && !/^lt-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id)) {
    throw new AwsError(
      400,
      'InvalidLaunchTemplateId.Malformed',
      `The specified launch template ID, ${id}, is not valid.`,
    );
  }
  const record = Object.values(state.launchTemplates).find((one) => one.id === id || one.name === name);
  if (record) return record;
  throw id === undefined
    ? new AwsError(
        400,
        'InvalidLaunchTemplateName.NotFoundException',
        `The specified launch template, with template name ${name}, does not exist.`,
      )
    : new AwsError(
        400,
        'InvalidLaunchTemplateId.NotFound',
        `The specified launch template, with template ID ${id}, does not exist.`,
      );
}

function versionNamed(template: LaunchTemplateRecord, name: string): Version {
  const { versions, defaultVersion } = template;
  if (name === '$Latest') return versions.at(-1) as Version;
  if (name !== '$Default' && !/^\d+$/.test(name))
    throw invalid(`Invalid value '${name}' for a launch template version.`);
  const number = name === '$Default' ? defaultVersion : Number(name);
  const version = versions.find((one) => one.number === number);
  if (version) return version;
  throw new AwsError(
    400,
    'InvalidLaunchTemplateId.VersionNotFound',
    `Could not find the specified version ${name} for the launch template with ID ${template.id}.`,
  );
}

function templateXml({ context }: Ec2, template: LaunchTemplateRecord): Xml {
  return {
    launchTemplateId: template.id,
    launchTemplateName: template.name,
    createTime: template.created,
    createdBy: `arn:aws:iam::${context.account}:root`,
    defaultVersionNumber: template.defaultVersion,
    latestVersionNumber: template.versions.at(-1)?.number,
    tagSet: tagSet(template.tags),
  };
}

function versionXml({ context }: Ec2, template: LaunchTemplateRecord, version: Version): Xml {
  return {
    launchTemplateId: template.id,
    launchTemplateName: template.name,
    versionNumber: version.number,
    versionDescription: version.description || undefined,
    createTime: version.created,
    createdBy: `arn:aws:iam::${context.account}:root`,
    defaultVersion: version.number === template.defaultVersion,
    launchTemplateData: templateDataXml(version.fields),
  };
}
