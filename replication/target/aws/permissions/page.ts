// The generated parts of docs/aws-permissions.md: what stands between `<!-- rights: NAME -->` and `<!-- end -->`. Pure.
import { bucketPolicy, importRoleTrust, type Policy, policyOf, policyText } from './policies.ts';
import { type Chosen, IMPORT_ROLE, NEEDS, PRINCIPAL_LABELS, RIGHTS, type Right } from './rights.ts';

const CHOSEN: Chosen = {
  partition: 'aws',
  region: 'REGION',
  account: 'ACCOUNT',
  bucket: 'BUCKET',
  prefix: 'landfall/',
  importRole: IMPORT_ROLE,
  transfer: 's3',
  kmsKeyArn: 'arn:aws:kms:REGION:ACCOUNT:key/KEY',
  connectors: 'own',
  signIn: 'key',
  roleArn: 'arn:aws:iam::ACCOUNT:role/landfall-console',
};

const PLACES: Record<Right['on'], string> = {
  any: 'the account',
  bucket: 'the bucket',
  staged: 'objects under the prefix',
  digests: 'objects under `landfall-digests/`',
  snapshots: 'snapshots',
  key: 'the KMS key',
  role: 'the role',
  copies: 'the Regions of copies',
  'copy-keys': 'the KMS keys of copies',
};

const COPIES: Chosen['copies'] = {
  shared: true,
  regions: ['OTHER-REGION'],
  keys: ['arn:aws:kms:OTHER-REGION:ACCOUNT:key/KEY'],
};

const json = (policy: object) => `\`\`\`json\n${policyText(policy)}\n\`\`\``;

function without(policy: Policy, sid: string): Policy {
  return { ...policy, Statement: policy.Statement.filter(({ Sid }) => Sid !== sid) };
}

function table(): string {
  const rows = RIGHTS.map(({ action, on, by, need, purpose, own }) => {
    const who = by.map((one) => PRINCIPAL_LABELS[one]).join(', ');
    const where = own ? 'what Landfall made' : PLACES[on];
    return `| \`${action}\` | ${where} | ${who} | ${NEEDS[need].label} | ${purpose} |`;
  });
  return ['| action | on | by | needed for | to |', '|---|---|---|---|---|', ...rows].join('\n');
}

const PARTS: Record<string, () => string> = {
  console: () => json(without(policyOf('console', CHOSEN), 'Key')),
  connector: () => json(without(policyOf('connector', { ...CHOSEN, transfer: 'ebs-direct' }), 'Key')),
  key: () => json(policyOf('console', CHOSEN).Statement.find(({ Sid }) => Sid === 'Key') ?? {}),
  copies: () => {
    const plain = new Set(policyOf('console', CHOSEN).Statement.map((one) => JSON.stringify(one)));
    const { Statement } = policyOf('console', { ...CHOSEN, copies: COPIES });
    return json(Statement.filter((one) => !plain.has(JSON.stringify(one))));
  },
  'import-trust': () => json(importRoleTrust(CHOSEN)),
  'import-policy': () => json(without(policyOf('vm-import', CHOSEN), 'Key')),
  bucket: () => json(bucketPolicy(CHOSEN)),
  base: () => json(policyOf('base', { ...CHOSEN, signIn: 'assume-role' })),
  table,
};

/** The page with its generated parts as they are now. @throws for a part that is not known, or one that is missing */
export function permissionsPage(page: string): string {
  const found: string[] = [];
  const made = page.replace(/(<!-- rights: ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g, (_, begin, name: string, end) => {
    const part = PARTS[name];
    if (!part) throw new Error(`docs/aws-permissions.md names a part ${name}, which nobody makes.`);
    found.push(name);
    return `${begin}${part()}\n${end}`;
  });
  const missing = Object.keys(PARTS).filter((name) => !found.includes(name));
  if (missing.length > 0) throw new Error(`docs/aws-permissions.md lacks ${missing.join(', ')}.`);
  return made;
}
