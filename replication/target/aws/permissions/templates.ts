// What makes bucket, roles and policies of a target in one go: a CloudFormation template and a Terraform configuration, made of the
// same rights and rules as everything else. Pure.
import { stagingRule } from '../lifecycle.ts';
import { bucketPolicy, consoleRoleTrust, importRoleTrust, type Policy, policyOf } from './policies.ts';
import { type Chosen, OWN_TAG } from './rights.ts';

/** What a template is made for. */
export interface TemplateChoice extends Chosen {
  /** Without one no role for the console is made. */
  externalId: string | null;
}

const ROLE = 'landfall-console';
const OPEN = '$\u007b';

/** A variable, as both languages write it within a text. */
const ref = (name: string) => `${OPEN}${name}}`;

/** JSON of a CloudFormation template. Account, partition and Region are those of the stack. */
export function cloudFormationTemplate(choice: TemplateChoice): string {
  const here: Chosen = {
    ...choice,
    partition: ref('AWS::Partition'),
    region: ref('AWS::Region'),
    account: ref('AWS::AccountId'),
    bucket: ref('BucketName'),
  };
  const managed = (name: string, description: string, policy: Policy) => ({
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: { Description: description, PolicyDocument: substituted(policy), ManagedPolicyName: name },
  });
  const rule = stagingRule(choice.prefix);
  const tags = [{ Key: OWN_TAG.key, Value: OWN_TAG.value }];
  return pretty({
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `What Landfall needs in this account and Region (${choice.region}): staging bucket, role of VM Import, policies.`,
    Parameters: {
      BucketName: { Type: 'String', Default: choice.bucket, Description: 'Staging bucket of the target' },
      MakeBucket: yesNo('No, if the bucket is there already'),
      MakeImportRole: yesNo(`No, if the account has the role ${choice.importRole} already`),
      ...(choice.externalId && {
        ConsolePrincipal: {
          Type: 'String',
          AllowedPattern: '^arn:aws[a-z-]*:(iam|sts)::\\d{12}:.+$',
          Description: 'ARN of the user or role as which the console runs, and which assumes the role',
        },
        ExternalId: { Type: 'String', Default: choice.externalId, Description: 'As Landfall shows it for the target' },
      }),
    },
    Conditions: {
      MakesBucket: { 'Fn::Equals': [{ Ref: 'MakeBucket' }, 'yes'] },
      MakesImportRole: { 'Fn::Equals': [{ Ref: 'MakeImportRole' }, 'yes'] },
    },
    Resources: {
      StagingBucket: {
        Type: 'AWS::S3::Bucket',
        Condition: 'MakesBucket',
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          BucketName: { Ref: 'BucketName' },
          BucketEncryption: {
            ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
          },
          PublicAccessBlockConfiguration: BLOCKED,
          OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
          LifecycleConfiguration: {
            Rules: [
              {
                Id: rule.ID,
                Status: rule.Status,
                Prefix: rule.Filter?.Prefix,
                ExpirationInDays: rule.Expiration?.Days,
                NoncurrentVersionExpiration: rule.NoncurrentVersionExpiration,
                AbortIncompleteMultipartUpload: rule.AbortIncompleteMultipartUpload,
              },
            ],
          },
          Tags: tags,
        },
      },
      StagingBucketPolicy: {
        Type: 'AWS::S3::BucketPolicy',
        Condition: 'MakesBucket',
        Properties: { Bucket: { Ref: 'StagingBucket' }, PolicyDocument: substituted(bucketPolicy(here)) },
      },
      ImportRole: {
        Type: 'AWS::IAM::Role',
        Condition: 'MakesImportRole',
        Properties: {
          RoleName: choice.importRole,
          AssumeRolePolicyDocument: substituted(importRoleTrust(here)),
          Policies: [{ PolicyName: 'landfall-import', PolicyDocument: substituted(policyOf('vm-import', here)) }],
          Tags: tags,
        },
      },
      ConsolePolicy: managed(ROLE, 'What the console of Landfall may do', policyOf('console', here)),
      ...(choice.connectors === 'own' && {
        ConnectorPolicy: managed(
          'landfall-connector',
          'What a connector of Landfall may do',
          policyOf('connector', here),
        ),
      }),
      ...(choice.externalId && {
        ConsoleRole: {
          Type: 'AWS::IAM::Role',
          Properties: {
            RoleName: ROLE,
            AssumeRolePolicyDocument: substituted(consoleRoleTrust(ref('ConsolePrincipal'), ref('ExternalId'))),
            ManagedPolicyArns: [{ Ref: 'ConsolePolicy' }],
            Tags: tags,
          },
        },
      }),
    },
    Outputs: {
      ...(choice.externalId && {
        ConsoleRoleArn: {
          Description: 'To be named as the role of the target',
          Value: { 'Fn::GetAtt': ['ConsoleRole', 'Arn'] },
        },
      }),
      ConsolePolicyArn: {
        Description: 'To be attached to the identity of the console',
        Value: { Ref: 'ConsolePolicy' },
      },
    },
  });
}

/** The same as `landfall.tf.json`. */
export function terraformConfiguration(choice: TemplateChoice): string {
  const here: Chosen = {
    ...choice,
    partition: ref('data.aws_partition.current.partition'),
    region: choice.region,
    account: ref('data.aws_caller_identity.current.account_id'),
    bucket: ref('var.bucket'),
  };
  const rule = stagingRule(choice.prefix);
  const bucket = ref('aws_s3_bucket.staging[0].id');
  const made = ref('var.make_bucket ? 1 : 0');
  const tags = { [OWN_TAG.key]: OWN_TAG.value };
  const imports = ref('var.make_import_role ? 1 : 0');
  const variable = (type: string, description: string, value?: string | boolean) => ({
    type,
    description,
    ...(value !== undefined && { default: value }),
  });
  return pretty({
    terraform: { required_providers: { aws: { source: 'hashicorp/aws', version: '>= 5.0' } } },
    provider: { aws: { region: choice.region } },
    variable: {
      bucket: variable('string', 'Staging bucket of the target', choice.bucket),
      make_bucket: variable('bool', 'False, if the bucket is there already', true),
      make_import_role: variable('bool', `False, if the account has the role ${choice.importRole} already`, true),
      ...(choice.externalId && {
        console_principal: variable(
          'string',
          'ARN of the user or role as which the console runs, and which assumes the role',
        ),
        external_id: variable('string', 'As Landfall shows it for the target', choice.externalId),
      }),
    },
    data: { aws_caller_identity: { current: {} }, aws_partition: { current: {} } },
    resource: {
      aws_s3_bucket: {
        staging: { count: made, bucket: ref('var.bucket'), tags, lifecycle: { prevent_destroy: true } },
      },
      aws_s3_bucket_server_side_encryption_configuration: {
        staging: {
          count: made,
          bucket,
          rule: [{ apply_server_side_encryption_by_default: { sse_algorithm: 'AES256' } }],
        },
      },
      aws_s3_bucket_public_access_block: {
        staging: {
          count: made,
          bucket,
          block_public_acls: true,
          block_public_policy: true,
          ignore_public_acls: true,
          restrict_public_buckets: true,
        },
      },
      aws_s3_bucket_lifecycle_configuration: {
        staging: {
          count: made,
          bucket,
          rule: [
            {
              id: rule.ID,
              status: rule.Status,
              filter: { prefix: rule.Filter?.Prefix },
              expiration: { days: rule.Expiration?.Days },
              noncurrent_version_expiration: { noncurrent_days: rule.NoncurrentVersionExpiration?.NoncurrentDays },
              abort_incomplete_multipart_upload: {
                days_after_initiation: rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation,
              },
            },
          ],
        },
      },
      aws_s3_bucket_policy: { staging: { count: made, bucket, policy: JSON.stringify(bucketPolicy(here)) } },
      aws_iam_policy: {
        console: { name: ROLE, policy: JSON.stringify(policyOf('console', here)), tags },
        ...(choice.connectors === 'own' && {
          connector: { name: 'landfall-connector', policy: JSON.stringify(policyOf('connector', here)), tags },
        }),
      },
      aws_iam_role: {
        import: {
          count: imports,
          name: choice.importRole,
          assume_role_policy: JSON.stringify(importRoleTrust(here)),
          tags,
        },
        ...(choice.externalId && {
          console: {
            name: ROLE,
            assume_role_policy: JSON.stringify(consoleRoleTrust(ref('var.console_principal'), ref('var.external_id'))),
            tags,
          },
        }),
      },
      aws_iam_role_policy: {
        import: {
          count: imports,
          name: 'landfall-import',
          role: ref('aws_iam_role.import[0].id'),
          policy: JSON.stringify(policyOf('vm-import', here)),
        },
      },
      ...(choice.externalId && {
        aws_iam_role_policy_attachment: {
          console: { role: ref('aws_iam_role.console.name'), policy_arn: ref('aws_iam_policy.console.arn') },
        },
      }),
    },
    output: {
      ...(choice.externalId && { console_role_arn: { value: ref('aws_iam_role.console.arn') } }),
      console_policy_arn: { value: ref('aws_iam_policy.console.arn') },
    },
  });
}

const BLOCKED = {
  BlockPublicAcls: true,
  BlockPublicPolicy: true,
  IgnorePublicAcls: true,
  RestrictPublicBuckets: true,
};

function yesNo(description: string) {
  return { Type: 'String', Default: 'yes', AllowedValues: ['yes', 'no'], Description: description };
}

/** Texts that name a variable of CloudFormation, as it wants them: `Fn::Sub`. */
function substituted(value: unknown): unknown {
  if (typeof value === 'string') return value.includes(OPEN) ? { 'Fn::Sub': value } : value;
  if (Array.isArray(value)) return value.map(substituted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, substituted(inner)]));
}

const pretty = (value: object) => `${JSON.stringify(value, undefined, 2)}\n`;
