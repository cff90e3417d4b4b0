// What a target needs at AWS, for exactly what is chosen there: each identity's policy, templates that make it all, and what AWS
// charges for. Nobody is asked.
import type { z } from 'zod';
import { chargesOf, FREE } from '../../../replication/target/aws/permissions/charges.ts';
import {
  bucketPolicy,
  consoleRoleTrust,
  importRoleTrust,
  policyOf,
  policySize,
  policyText,
} from '../../../replication/target/aws/permissions/policies.ts';
import {
  type Chosen,
  IMPORT_ROLE,
  PRINCIPAL_LABELS,
  type Principal,
} from '../../../replication/target/aws/permissions/rights.ts';
import {
  cloudFormationTemplate,
  terraformConfiguration,
} from '../../../replication/target/aws/permissions/templates.ts';
import { guard, parseInput, type ServiceContext } from '../context.ts';
import { copiedFrom } from '../targets/copy-targets.ts';
import { targetInput } from '../targets/settings.ts';
import { type FoundTarget, targetOf } from '../targets/store.ts';

/** Stands where the account is not known yet. */
const UNKNOWN_ACCOUNT = 'ACCOUNT';

/**
 * What of a target decides its policies.
 * @param copied names of the targets that copy their AMIs to it
 */
export function chosenOf({ target, place }: FoundTarget, copied: readonly string[]): Chosen {
  const { signIn, distribution } = target;
  const elsewhere = distribution.filter((entry) => entry.kind === 'region');
  const regions = new Set(elsewhere.map(({ region }) => region));
  // Copies of others' AMIs are made as this one.
  if (copied.length > 0) regions.add(place.region);
  const copies = {
    shared: distribution.some(({ kind }) => kind !== 'region'),
    regions: [...regions].sort(),
    keys: [...new Set(elsewhere.flatMap(({ kmsKeyArn }) => kmsKeyArn ?? []))].sort(),
  };
  return {
    partition: place.partition,
    region: place.region,
    account: place.account ?? UNKNOWN_ACCOUNT,
    bucket: place.bucket,
    prefix: place.prefix,
    importRole: place.importRole ?? IMPORT_ROLE,
    transfer: target.transfer,
    kmsKeyArn: target.encrypted ? target.kmsKeyArn : null,
    connectors: target.connectorSignIn,
    signIn: signIn === 'environment' || signIn === 'access-key' ? 'key' : signIn,
    roleArn: target.roleArn,
    ...((copies.shared || copies.regions.length > 0) && { copies }),
  };
}

export interface ShownPolicy {
  id: string;
  /** Whose, or of what. */
  label: string;
  description: string;
  json: string;
  characters: number;
  /** Where IAM would not take it, in words. */
  warning: string | null;
}

function shown(id: string, label: string, description: string, policy: object): ShownPolicy {
  return { id, label, description, json: policyText(policy), ...policySize(policy) };
}

const DESCRIPTIONS: Record<Principal, string> = {
  console: 'For the identity as which the console works in this account.',
  base: 'For the identity that the console starts from: all that it needs is to assume the role.',
  connector: 'For the access key of each connector. Give each connector one of its own.',
  'vm-import': 'For the role under which VM Import reads staged disks.',
};

/** The policies, templates and charges of a target, or of the workspace's first. */
export async function targetPermissions(ctx: ServiceContext, input?: z.input<typeof targetInput>) {
  const workspaceId = guard(ctx, 'target.read');
  const found = await targetOf(ctx.db, workspaceId, parseInput(targetInput, input)?.targetId);
  const { target, place } = found;
  const chosen = chosenOf(found, await copiedFrom(ctx.db, workspaceId, target.id));
  const choice = { ...chosen, externalId: target.externalId };
  const principals: Principal[] = [
    'console',
    ...(chosen.signIn === 'assume-role' ? (['base'] as const) : []),
    ...(chosen.connectors === 'own' ? (['connector'] as const) : []),
    'vm-import',
  ];
  const policies = principals.map((principal) =>
    shown(principal, PRINCIPAL_LABELS[principal], DESCRIPTIONS[principal], policyOf(principal, chosen)),
  );
  if (chosen.signIn === 'assume-role' && target.externalId) {
    const trust = consoleRoleTrust('ARN-OF-THE-IDENTITY-THAT-ASSUMES-THE-ROLE', target.externalId);
    const words = 'The trust policy of the role: who may assume it, and under which external id.';
    policies.splice(1, 0, shown('console-trust', 'Trust of the console’s role', words, trust));
  }
  policies.push(
    shown('import-trust', 'Trust of the role of VM Import', 'Only VM Import may assume it.', importRoleTrust(chosen)),
    shown(
      'bucket',
      'Policy of the staging bucket',
      'Refuses requests without TLS, whoever sends them.',
      bucketPolicy(chosen),
    ),
  );
  return {
    accountKnown: place.account !== null,
    importRole: chosen.importRole,
    externalId: target.externalId,
    policies,
    templates: [
      {
        id: 'cloudformation' as const,
        label: 'CloudFormation template',
        fileName: `landfall-${place.region}.template.json`,
        text: cloudFormationTemplate(choice),
      },
      {
        id: 'terraform' as const,
        label: 'Terraform configuration',
        fileName: 'landfall.tf.json',
        text: terraformConfiguration(choice),
      },
    ],
    charges: chargesOf({
      transfer: target.transfer,
      kmsKeyArn: chosen.kmsKeyArn,
      ...(chosen.copies && { copies: chosen.copies }),
      verification: target.verification,
      encrypted: target.encrypted,
      privateEndpoints: Object.keys(place.endpoints).length > 0,
    }),
    free: FREE,
  };
}
