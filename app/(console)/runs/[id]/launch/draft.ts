// What has been chosen in the launch wizard so far: its shape and its rules. Pure.
import { z } from 'zod';
import { MAX_TAGS, tagKeyProblem, tagValueProblem } from '../../../../../replication/model/tag.ts';
import { VOLUME_LIMITS, VOLUME_TYPES, volumeProblems } from '../../../../../replication/model/volume.ts';
import { wholeNumber } from '../../../../_forms/whole-number.ts';
import type { LaunchChoices } from './types.ts';

const volumeDraftSchema = z.object({
  device: z.string(),
  type: z.enum(VOLUME_TYPES),
  sizeGiB: z.string(),
  /** Empty: the type's own baseline. */
  iops: z.string(),
  deleteOnTermination: z.boolean(),
});
export type VolumeDraft = z.infer<typeof volumeDraftSchema>;

export const draftSchema = z.object({
  requestId: z.string().regex(/^[0-9a-f]{32}$/),
  purpose: z.enum(['test', 'final']),
  instanceType: z.string(),
  vpcId: z.string(),
  subnetId: z.string(),
  securityGroupIds: z.array(z.string()),
  publicAddress: z.enum(['subnet', 'yes', 'no']),
  /** Empty: without a key pair. */
  keyName: z.string(),
  /** Empty: without a profile. */
  instanceProfile: z.string(),
  volumes: z.array(volumeDraftSchema),
  tags: z.array(z.object({ key: z.string(), value: z.string() })),
  userData: z.string(),
  /** Keep these settings for every launch of the job's AMIs. */
  saveConfiguration: z.boolean(),
});
export type Draft = z.infer<typeof draftSchema>;

/** Messages by field: `subnetId`, `volumes.0.sizeGiB`, `tags.1.key`. */
export type Problems = Record<string, string>;

export const STEPS = ['image', 'type', 'network', 'storage', 'tags', 'review'] as const;
export type StepId = (typeof STEPS)[number];

export const MAX_USER_DATA_BYTES = 16 * 1024;

/** The proposal of a fresh wizard: the job's launch configuration, and what is sensible where there is none. */
export function newDraft(choices: LaunchChoices, requestId: string): Draft {
  const proposed = proposal(choices, requestId);
  const configuration = choices.configuration ?? byDefaults(choices, proposed);
  if (!configuration) return proposed;
  const vpcId = choices.networks.subnets.find(({ id }) => id === configuration.subnetId)?.vpcId ?? proposed.vpcId;
  const named = configuration.tags.some(({ key }) => key === 'Name');
  return {
    ...proposed,
    vpcId,
    instanceType: choices.types.fitting.some(({ name }) => name === configuration.instanceType)
      ? configuration.instanceType
      : proposed.instanceType,
    subnetId: choices.networks.subnets.some(({ id }) => id === configuration.subnetId)
      ? configuration.subnetId
      : proposed.subnetId,
    securityGroupIds: configuration.securityGroupIds.filter((id) =>
      choices.networks.securityGroups.some((group) => group.id === id && group.vpcId === vpcId),
    ),
    publicAddress: configuration.publicAddress === null ? 'subnet' : configuration.publicAddress ? 'yes' : 'no',
    keyName: choices.networks.keyPairs.includes(configuration.keyName ?? '') ? (configuration.keyName ?? '') : '',
    instanceProfile: configuration.instanceProfile ?? '',
    volumes: proposed.volumes.map((volume) => {
      const kept = configuration.volumes.find(({ device }) => device === volume.device);
      if (!kept) return volume;
      // A disk that has grown since needs at least the size of its snapshot.
      const sizeGiB = String(Math.max(kept.sizeGiB, Number(volume.sizeGiB)));
      return { ...volume, type: kept.type, sizeGiB, iops: kept.iops ? String(kept.iops) : '' };
    }),
    tags: named ? configuration.tags : [...proposed.tags, ...configuration.tags],
    userData: configuration.userData ?? '',
  };
}

/** The AWS target's default settings as a launch configuration; null where it has none. */
function byDefaults({ defaults }: LaunchChoices, proposed: Draft): LaunchChoices['configuration'] {
  if (!defaults) return null;
  const { instanceType, ...settings } = defaults.settings;
  return { ...settings, instanceType: instanceType ?? proposed.instanceType, volumes: [], tags: [], userData: null };
}

function proposal(choices: LaunchChoices, requestId: string): Draft {
  const { vpcs, securityGroups } = choices.networks;
  const vpc = vpcs.find(({ isDefault }) => isDefault) ?? vpcs[0];
  const group = securityGroups.find(({ vpcId, name }) => vpcId === vpc?.id && name === 'default');
  return {
    requestId,
    purpose: 'test',
    instanceType: choices.types.recommended?.name ?? '',
    vpcId: vpc?.id ?? '',
    subnetId: subnetsOf(choices, vpc?.id)[0]?.id ?? '',
    securityGroupIds: group ? [group.id] : [],
    publicAddress: 'subnet',
    keyName: '',
    instanceProfile: '',
    volumes: choices.volumes.map((volume) => ({
      device: volume.device,
      type: volume.type,
      sizeGiB: String(volume.sizeGiB),
      iops: VOLUME_LIMITS[volume.type].iops && volume.iops ? String(volume.iops) : '',
      deleteOnTermination: true,
    })),
    tags: [{ key: 'Name', value: `${choices.run.serverName} (test)` }],
    userData: '',
    saveConfiguration: choices.configuration === null,
  };
}

/** The subnets of a VPC in the order of their zones; AWS returns them unordered. */
export function subnetsOf({ networks }: LaunchChoices, vpcId: string | undefined) {
  return networks.subnets
    .filter((subnet) => subnet.vpcId === vpcId)
    .sort((a, b) => a.zone.localeCompare(b.zone) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
}

/** Another purpose: the proposed name and what happens to the volumes go with it, unless a person changed them. */
export function withPurpose(draft: Draft, purpose: Draft['purpose'], choices: LaunchChoices): Draft {
  const name = (of: Draft['purpose']) => `${choices.run.serverName}${of === 'test' ? ' (test)' : ''}`;
  const untouched = draft.volumes.every((volume) => volume.deleteOnTermination === (draft.purpose === 'test'));
  return {
    ...draft,
    purpose,
    tags: draft.tags.map((tag) =>
      tag.key === 'Name' && tag.value === name(draft.purpose) ? { ...tag, value: name(purpose) } : tag,
    ),
    volumes: untouched
      ? draft.volumes.map((volume) => ({ ...volume, deleteOnTermination: purpose === 'test' }))
      : draft.volumes,
  };
}

/** Another VPC: what belonged to the former one is dropped. */
export function withVpc(draft: Draft, vpcId: string, choices: LaunchChoices): Draft {
  const group = choices.networks.securityGroups.find((one) => one.vpcId === vpcId && one.name === 'default');
  return {
    ...draft,
    vpcId,
    subnetId: subnetsOf(choices, vpcId)[0]?.id ?? '',
    securityGroupIds: group ? [group.id] : [],
  };
}

/** A kept draft, fitted to what AWS offers now: what is gone must be chosen again. */
export function fitted(kept: Draft, choices: LaunchChoices, mayLaunchForGood: boolean): Draft {
  const { vpcs, subnets, securityGroups, keyPairs } = choices.networks;
  const fresh = newDraft(choices, kept.requestId);
  const vpcId = vpcs.some(({ id }) => id === kept.vpcId) ? kept.vpcId : fresh.vpcId;
  const draft: Draft = {
    ...kept,
    vpcId,
    instanceType: choices.types.fitting.some(({ name }) => name === kept.instanceType)
      ? kept.instanceType
      : fresh.instanceType,
    subnetId: subnets.some((subnet) => subnet.id === kept.subnetId && subnet.vpcId === vpcId) ? kept.subnetId : '',
    securityGroupIds: kept.securityGroupIds.filter((id) =>
      securityGroups.some((group) => group.id === id && group.vpcId === vpcId),
    ),
    keyName: keyPairs.includes(kept.keyName) ? kept.keyName : '',
    volumes: fresh.volumes.map((volume) => kept.volumes.find(({ device }) => device === volume.device) ?? volume),
  };
  return kept.purpose === 'final' && !mayLaunchForGood ? withPurpose(draft, 'test', choices) : draft;
}

/** What is wrong with a step; empty when one may go on. */
export function problemsOf(step: StepId, draft: Draft, choices: LaunchChoices): Problems {
  switch (step) {
    case 'type':
      return draft.instanceType ? {} : { instanceType: 'Choose an instance type.' };
    case 'network':
      return networkProblems(draft, choices);
    case 'storage':
      return storageProblems(draft, choices);
    case 'tags':
      return tagProblems(draft);
    default:
      return {};
  }
}

function networkProblems(draft: Draft, choices: LaunchChoices): Problems {
  const problems: Problems = {};
  const zone = choices.networks.subnets.find(({ id }) => id === draft.subnetId)?.zone;
  const zones = choices.types.fitting.find(({ name }) => name === draft.instanceType)?.zones;
  if (zone && zones && !zones.includes(zone)) {
    problems.subnetId = `${zone} does not offer ${draft.instanceType}${zones.length > 0 ? `; ${zones.join(' and ')} do` : ''}. Choose another subnet or type.`;
  }
  if (!draft.vpcId) problems.vpcId = 'Choose a VPC.';
  if (!draft.subnetId) problems.subnetId = 'Choose a subnet.';
  if (draft.securityGroupIds.length === 0) problems.securityGroupIds = 'Choose at least one security group.';
  if (draft.instanceProfile && !/^[\w+=,.@-]{1,128}$/.test(draft.instanceProfile.trim())) {
    problems.instanceProfile = 'The name of a profile: up to 128 letters, digits and + = , . @ - _';
  }
  if (draft.securityGroupIds.length > 5) problems.securityGroupIds = 'At most 5 security groups.';
  return problems;
}

function storageProblems(draft: Draft, choices: LaunchChoices): Problems {
  const problems: Problems = {};
  for (const [at, volume] of draft.volumes.entries()) {
    const of = choices.volumes.find(({ device }) => device === volume.device);
    const found = volumeProblems(
      { type: volume.type, sizeGiB: wholeNumber(volume.sizeGiB), iops: volume.iops ? wholeNumber(volume.iops) : null },
      { snapshotGiB: of?.sizeGiB ?? 1, isRoot: of?.isRoot ?? false },
    );
    for (const [field, message] of Object.entries(found)) problems[`volumes.${at}.${field}`] = message;
  }
  return problems;
}

function tagProblems(draft: Draft): Problems {
  const problems: Problems = {};
  const seen = new Set<string>();
  for (const [at, { key, value }] of draft.tags.entries()) {
    const name = key.trim();
    const problem = tagKeyProblem(name) ?? (seen.has(name) ? 'This key is used twice.' : null);
    if (problem) problems[`tags.${at}.key`] = problem;
    const ofValue = tagValueProblem(value);
    if (ofValue) problems[`tags.${at}.value`] = ofValue;
    seen.add(name);
  }
  if (draft.tags.length > MAX_TAGS) problems.tags = `At most ${MAX_TAGS} tags.`;
  if (userDataBytes(draft.userData) > MAX_USER_DATA_BYTES) problems.userData = 'At most 16 KiB.';
  return problems;
}

export const userDataBytes = (text: string): number => new TextEncoder().encode(text).length;

/** The first step before `step` that has a problem; null when none has. */
export function firstProblem(step: number, draft: Draft, choices: LaunchChoices): number | null {
  const at = STEPS.slice(0, step).findIndex((id) => Object.keys(problemsOf(id, draft, choices)).length > 0);
  return at === -1 ? null : at;
}

/** What is sent to the server. */
export function launchInput(runId: string, draft: Draft) {
  return {
    runId,
    requestId: draft.requestId,
    purpose: draft.purpose,
    instanceType: draft.instanceType,
    subnetId: draft.subnetId,
    securityGroupIds: draft.securityGroupIds,
    keyName: draft.keyName || null,
    instanceProfile: draft.instanceProfile.trim() || null,
    saveConfiguration: draft.saveConfiguration,
    publicAddress: draft.publicAddress === 'subnet' ? null : draft.publicAddress === 'yes',
    volumes: draft.volumes.map((volume) => ({
      device: volume.device,
      type: volume.type,
      sizeGiB: wholeNumber(volume.sizeGiB),
      iops: volume.iops ? wholeNumber(volume.iops) : null,
      deleteOnTermination: volume.deleteOnTermination,
    })),
    tags: draft.tags.map(({ key, value }) => ({ key: key.trim(), value })),
    userData: draft.userData || null,
  };
}

/** The same as a launch configuration: without what belongs to a single launch, such as the name of a test. */
export function configurationOf(draft: Draft, serverName: string) {
  const {
    runId: _run,
    requestId: _request,
    purpose: _purpose,
    saveConfiguration: _save,
    ...rest
  } = launchInput('', draft);
  const tags = rest.tags.filter(({ key, value }) => key !== 'Name' || value !== `${serverName} (test)`);
  return { ...rest, tags };
}
