// Where an AWS target is, as console and connectors tell it to each other. Pure.
import { z } from 'zod';

/** Addresses of AWS's services; one that is left out is AWS's public one. */
export const targetEndpointsSchema = z.object({
  s3: z.url().optional(),
  ec2: z.url().optional(),
  ebs: z.url().optional(),
  sts: z.url().optional(),
});
export type TargetEndpoints = z.infer<typeof targetEndpointsSchema>;

/** What is staged lies under it unless a target says otherwise. */
export const DEFAULT_PREFIX = 'landfall/';

/** The part of AWS that a Region belongs to, by its name. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  return 'aws';
}

/**
 * How the console signs in to a target: with the key of its environment, as whatever its machine is (profile, container or instance
 * role), with a key of the target's own, or by a role that it assumes.
 */
export const SIGN_IN_KINDS = ['environment', 'default-chain', 'access-key', 'assume-role'] as const;
export type SignInKind = (typeof SIGN_IN_KINDS)[number];

/** How connectors do: each with a key of its own, or with short-lived ones that the console lends for a run. */
export const CONNECTOR_SIGN_INS = ['own', 'lent'] as const;
export type ConnectorSignIn = (typeof CONNECTOR_SIGN_INS)[number];
