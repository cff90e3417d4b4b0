// The rule that clears the staging prefix by itself, whatever happens to us. Pure. For s3-staging.ts only.
import type { LifecycleRule } from '@aws-sdk/client-s3';

export const STAGING_PREFIX = 'landfall/';
const RULE_ID = 'landfall-staging';
const DAYS = 7;

/** Expiry after 7 days as SMS had it; open uploads and, in a versioned bucket, old versions go too. */
export const STAGING_RULE: LifecycleRule = {
  ID: RULE_ID,
  Status: 'Enabled',
  Filter: { Prefix: STAGING_PREFIX },
  Expiration: { Days: DAYS },
  NoncurrentVersionExpiration: { NoncurrentDays: 1 },
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: DAYS },
};

/** The rules to store so that ours is among them; null when nothing must change. Everybody else's rules stay. */
export function withStagingRule(rules: readonly LifecycleRule[]): LifecycleRule[] | null {
  const ours = rules.find((rule) => rule.ID === RULE_ID);
  if (ours && clearsStaging(ours)) return null;
  return [...rules.filter((rule) => rule !== ours), STAGING_RULE];
}

function clearsStaging(rule: LifecycleRule): boolean {
  return (
    rule.Status === 'Enabled' &&
    (rule.Filter?.Prefix ?? rule.Prefix) === STAGING_PREFIX &&
    rule.Expiration?.Days === DAYS &&
    rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation === DAYS
  );
}
