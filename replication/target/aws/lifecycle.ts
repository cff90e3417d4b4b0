// The rule that clears the staging prefix by itself, whatever happens to us. Pure.
import type { LifecycleRule } from '@aws-sdk/client-s3';

/** Under this everything is staged, unless the AWS target names another prefix. */
export const STAGING_PREFIX = 'landfall/';
const RULE_ID = 'landfall-staging';
const DAYS = 7;

/** Expiry after 7 days as SMS had it; open uploads and, in a versioned bucket, old versions go too. */
export function stagingRule(prefix: string): LifecycleRule {
  return {
    ID: RULE_ID,
    Status: 'Enabled',
    Filter: { Prefix: prefix },
    Expiration: { Days: DAYS },
    NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: DAYS },
  };
}

/** The rules to store so that ours is among them; null when nothing must change. Everybody else's rules stay. */
export function withStagingRule(
  rules: readonly LifecycleRule[],
  prefix: string = STAGING_PREFIX,
): LifecycleRule[] | null {
  const ours = rules.find((rule) => rule.ID === RULE_ID);
  if (ours && clearsStaging(ours, prefix)) return null;
  return [...rules.filter((rule) => rule !== ours), stagingRule(prefix)];
}

function clearsStaging(rule: LifecycleRule, prefix: string): boolean {
  return (
    rule.Status === 'Enabled' &&
    (rule.Filter?.Prefix ?? rule.Prefix) === prefix &&
    rule.Expiration?.Days === DAYS &&
    rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation === DAYS
  );
}
