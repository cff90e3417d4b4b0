// Control calls of the lab's IAM: users, roles and policies, as an administrator of the accounts would set them.
import { z } from 'zod';
import type { LabAwsPart } from '../context.ts';
import { type Directory, roleArn, trusting, userArn } from './directory.ts';
import { policyDocument } from './policy.ts';

const name = z.string().regex(/^[\w+=,.@-]{1,64}$/);
const policies = z.array(policyDocument).nullable();
const boundary = policyDocument.nullable();

export function iamControl(directory: Directory): LabAwsPart['control'] {
  const first = directory.accounts[0]?.account as string;
  const account = z
    .string()
    .refine((number) => directory.accounts.some((one) => one.account === number), 'The lab has no such account.')
    .default(first);
  const userShape = z.object({ account, name, policies: policies.optional(), boundary: boundary.optional() }).strict();
  const roleShape = z
    .object({
      account,
      name,
      policies: policies.optional(),
      boundary: boundary.optional(),
      /** Who may assume it: a trust policy, or an external id for whoever its account lets. */
      trust: policyDocument.optional(),
      externalId: z.string().optional(),
      maxSessionSeconds: z.number().int().min(900).max(43_200).optional(),
    })
    .strict();
  return {
    /** The accounts with their keys, default buckets and roles. */
    accounts: async () => directory.accounts,

    /** `{ account?, name, policies?, boundary? }` → `{ arn, accessKeyId, secretAccessKey }`; changes one that is there. */
    async iamUser(input?: unknown) {
      const asked = userShape.parse(input ?? {});
      const before = directory.users().find((one) => one.account === asked.account && one.name === asked.name);
      const user = directory.saveUser({
        account: asked.account,
        name: asked.name,
        policies: asked.policies === undefined ? (before?.policies ?? null) : asked.policies,
        boundary: asked.boundary === undefined ? (before?.boundary ?? null) : asked.boundary,
      });
      return { arn: userArn(user), accessKeyId: user.accessKeyId, secretAccessKey: user.secretAccessKey };
    },

    /** `{ account?, name, policies?, boundary?, trust? | externalId?, maxSessionSeconds? }` → `{ arn }`. */
    async iamRole(input?: unknown) {
      const { externalId, ...asked } = roleShape.parse(input ?? {});
      const before = directory.roles().find((one) => one.account === asked.account && one.name === asked.name);
      const role = {
        account: asked.account,
        name: asked.name,
        policies: asked.policies === undefined ? (before?.policies ?? null) : asked.policies,
        boundary: asked.boundary === undefined ? (before?.boundary ?? null) : asked.boundary,
        maxSessionSeconds: asked.maxSessionSeconds ?? before?.maxSessionSeconds ?? 3600,
        trust:
          asked.trust ??
          (externalId === undefined ? before?.trust : undefined) ??
          trusting(asked.account, 'sts:AssumeRole', externalId),
      };
      directory.saveRole(role);
      return { arn: roleArn(role) };
    },

    /** `{ account?, policies }`: the organization's over an account; null takes them away. */
    async serviceControlPolicies(input?: unknown) {
      const asked = z
        .object({ account, policies })
        .strict()
        .parse(input ?? {});
      directory.setServiceControl(asked.account, asked.policies);
      return {};
    },

    /** `{ keyArn, policy }`: of a KMS key; null for the one that leaves it to the identities' policies. */
    async keyPolicy(input?: unknown) {
      const asked = z
        .object({ keyArn: z.string().startsWith('arn:'), policy: boundary })
        .strict()
        .parse(input ?? {});
      directory.setKeyPolicy(asked.keyArn, asked.policy);
      return {};
    },

    /** `{ secure }`: what `aws:SecureTransport` says of requests from now on. */
    async secureTransport(input?: unknown) {
      directory.setSecureTransport(z.object({ secure: z.boolean() }).parse(input ?? {}).secure);
      return {};
    },

    /** `{ seconds }`: sessions from now on end after so long, though STS gives none under 900; null takes it back. */
    async sessionSeconds(input?: unknown) {
      const { seconds } = z
        .object({ seconds: z.number().positive().nullable() })
        .strict()
        .parse(input ?? {});
      directory.setMostSessionSeconds(seconds);
      return {};
    },

    /** Users, roles and policies as the lab began. */
    async resetIam() {
      directory.reset();
      return {};
    },
  };
}
