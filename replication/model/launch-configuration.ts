// How instances of a job's AMIs are launched, kept with the job and used by every launch. Pure.
import { z } from 'zod';
import { MAX_TAGS, tagKeyProblem, tagValueProblem } from './tag.ts';
import { VOLUME_TYPES } from './volume.ts';

const MAX_USER_DATA_BYTES = 16 * 1024;

const told = (check: z.RefinementCtx, message: string | null) => {
  if (message) check.addIssue({ code: 'custom', message });
};

export const launchConfigurationSchema = z.object({
  instanceType: z
    .string()
    .max(60)
    .regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'Choose an instance type'),
  subnetId: z.string().regex(/^subnet-[0-9a-f]+$/, 'Choose a subnet'),
  securityGroupIds: z
    .array(z.string().regex(/^sg-[0-9a-f]+$/))
    .min(1, 'Choose at least one security group')
    .max(5, 'At most 5 security groups'),
  keyName: z.string().max(255).nullable(),
  /** Null: as the subnet says. */
  publicAddress: z.boolean().nullable(),
  /** Name of the IAM instance profile; null for none. */
  instanceProfile: z
    .string()
    .regex(/^[\w+=,.@-]{1,128}$/, 'A name of up to 128 letters, digits and + = , . @ - _')
    .nullable()
    .default(null),
  volumes: z
    .array(
      z.object({
        device: z.string(),
        type: z.enum(VOLUME_TYPES),
        sizeGiB: z.number().int().min(1).max(65_536),
        iops: z.number().int().min(100).max(256_000).nullable(),
        deleteOnTermination: z.boolean(),
      }),
    )
    .max(128),
  tags: z
    .array(
      z.object({
        key: z
          .string()
          .trim()
          .superRefine((key, check) => told(check, tagKeyProblem(key))),
        value: z.string().superRefine((value, check) => told(check, tagValueProblem(value))),
      }),
    )
    .max(MAX_TAGS, `At most ${MAX_TAGS} tags`)
    .refine((tags) => new Set(tags.map((tag) => tag.key)).size === tags.length, 'A key is used twice'),
  userData: z
    .string()
    .nullable()
    .refine((text) => !text || new TextEncoder().encode(text).length <= MAX_USER_DATA_BYTES, 'At most 16 KiB'),
});
export type LaunchConfiguration = z.infer<typeof launchConfigurationSchema>;

/**
 * What launches into an AWS target begin with while their job has no launch configuration of its own. Without a type: the
 * smallest that fits the server. Volumes are as the AMI says, and user data belongs to a server.
 */
export const launchDefaultsSchema = launchConfigurationSchema
  .pick({ subnetId: true, securityGroupIds: true, keyName: true, publicAddress: true, instanceProfile: true })
  .extend({ instanceType: launchConfigurationSchema.shape.instanceType.nullable() });
export type LaunchDefaults = z.infer<typeof launchDefaultsSchema>;
