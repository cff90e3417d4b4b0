// IAM policies made of the rights (rights.ts), for exactly what is chosen. Pure.
import {
  type Chosen,
  IMPORT_ROLE,
  type On,
  OWN_TAG,
  type Principal,
  type Right,
  resourcesOf,
  rightsOf,
} from './rights.ts';

export interface Statement {
  Sid: string;
  Effect: 'Allow' | 'Deny';
  Action: string[];
  Resource: string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

export interface Policy {
  Version: '2012-10-17';
  Statement: Statement[];
}

const SIDS: Record<On, string> = {
  any: 'Account',
  bucket: 'Bucket',
  staged: 'Staging',
  digests: 'Digests',
  snapshots: 'EbsDirect',
  key: 'Key',
  role: 'Role',
  copies: 'Copies',
  'copy-keys': 'KeysOfCopies',
};

/** Statements differ by what they are on, and by their condition. */
function statementsOf(rights: readonly Right[], chosen: Chosen): Statement[] {
  const made = new Map<string, Statement>();
  for (const right of rights) {
    const { sid, condition } = shapeOf(right, chosen);
    const known = made.get(sid);
    if (known) known.Action.push(right.action);
    else {
      const Resource = resourcesOf(right.on, chosen);
      made.set(sid, {
        Sid: sid,
        Effect: 'Allow',
        Action: [right.action],
        Resource,
        ...(condition && { Condition: condition }),
      });
    }
  }
  return [...made.values()];
}

function shapeOf({ action, on, own, within, need }: Right, { region, copies }: Chosen) {
  const tag = { [`aws:ResourceTag/${OWN_TAG.key}`]: OWN_TAG.value };
  // EC2's actions name no Region in `*`, and STS, S3 and KMS are held by other means.
  const regions = on === 'copies' ? [...(copies?.regions ?? [])] : [region];
  const [only = region] = regions;
  const here: Record<string, string | string[]> =
    action.startsWith('ec2:') && (on === 'any' || on === 'copies')
      ? { 'aws:RequestedRegion': regions.length > 1 ? regions : only }
      : {};
  const equals: Record<string, string | string[]> = {
    ...here,
    ...(own && tag),
    ...(within && { 'ec2:CreateAction': within }),
  };
  const sid = own
    ? on === 'copies'
      ? 'OwnCopiesOnly'
      : 'OwnThingsOnly'
    : within
      ? 'TagsOfNewSnapshots'
      : action.startsWith('sts:') && on === 'any'
        ? 'WhoAmI'
        : SIDS[on];
  return {
    sid: need === 'test' ? `${sid}ForTests` : sid,
    condition: Object.keys(equals).length > 0 ? { StringEquals: equals } : null,
  };
}

/** The policy of one identity. Empty of statements where nothing that is chosen needs it. */
export function policyOf(principal: Principal, chosen: Chosen): Policy {
  return { Version: '2012-10-17', Statement: statementsOf(rightsOf(principal, chosen), chosen) };
}

/** What one right alone would take, to be added where it is missing. */
export function statementFor(right: Right, chosen: Chosen): Statement {
  const [statement] = statementsOf([right], chosen);
  if (!statement) throw new Error('A right makes a statement.');
  return { ...statement, Sid: `Landfall${right.action.replace(/[^A-Za-z0-9]/g, '')}` };
}

/** Who may assume the role of VM Import: VM Import itself, for this account. */
export function importRoleTrust({ account }: Pick<Chosen, 'account'>) {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'vmie.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:Externalid': IMPORT_ROLE, 'aws:SourceAccount': account } },
      },
    ],
  };
}

/** Who may assume the console's role: one identity, and only with the external id that Landfall made. */
export function consoleRoleTrust(principalArn: string, externalId: string) {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: principalArn },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': externalId } },
      },
    ],
  };
}

/** What the staging bucket refuses from anybody: requests without TLS. */
export function bucketPolicy({ partition, bucket }: Pick<Chosen, 'partition' | 'bucket'>) {
  const arn = `arn:${partition}:s3:::${bucket}`;
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'TlsOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [arn, `${arn}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  };
}

/** Characters that IAM counts, white space left out (IAM user guide, "IAM and AWS STS quotas"). */
const POLICY_LIMITS = { managed: 6144, 'inline of a role': 10_240, 'inline of a user': 2048 } as const;

export interface PolicySize {
  characters: number;
  /** Where it does not fit, in words; null when it can be a managed policy and inline of a role. */
  warning: string | null;
}

export function policySize(policy: object): PolicySize {
  const characters = JSON.stringify(policy).length;
  const tooSmall = (['managed', 'inline of a role', 'inline of a user'] as const).filter(
    (kind) => characters > POLICY_LIMITS[kind],
  );
  if (tooSmall.length === 0) return { characters, warning: null };
  const limits = tooSmall.map((kind) => `${kind} (${POLICY_LIMITS[kind].toLocaleString('en')})`).join(', ');
  return {
    characters,
    warning: `With ${characters.toLocaleString('en')} characters it is over the limit of these kinds of policy: ${limits}.`,
  };
}

/** JSON with one line for each list of texts that is short enough. */
export function policyText(policy: object): string {
  return JSON.stringify(policy, undefined, 2).replace(/\[\s+("[^[\]{}]*?")\s+\]/g, (list, inner: string) => {
    const line = `[${inner.replace(/,\s+/g, ', ')}]`;
    return line.length <= 110 ? line : list;
  });
}
