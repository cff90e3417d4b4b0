// The staging bucket: where disks wait as objects under `landfall/<job>/<run>/` until EC2 has imported them.
// Made by open-target.ts; the steps of connector and worker use it through the port in target.ts.
import { DIGEST_PREFIX } from '../../model/baseline.ts';
import { faultError } from '../../model/fault.ts';
import type { AwsClients } from './clients.ts';
import { hasAwsCode } from './faults.ts';
import { STAGING_PREFIX, withStagingRule } from './lifecycle.ts';
import { cancel, cancelAllOf, remove, sweepPieces } from './multipart.ts';
import { largestObject, PART_SCHEDULE } from './part-schedule.ts';
import type { StagingPlace } from './part-sender.ts';
import { type PartUploadOptions, startPartUpload } from './part-upload.ts';
import { createDigestStore, readObject, removeUnder } from './s3-objects.ts';
import type { AwsTargetConfig, Staging } from './target.ts';

export function createStaging(clients: AwsClients, config: AwsTargetConfig, options: PartUploadOptions = {}): Staging {
  const place = stagingPlace(config);
  const bucket = { Bucket: place.bucket, ...place.owner };
  const prefix = config.prefix ?? STAGING_PREFIX;
  const schedule = options.schedule ?? PART_SCHEDULE;

  return {
    digests: createDigestStore(clients, place),

    read(key, signal) {
      checkKey(key, prefix);
      return readObject(clients, place, key, signal);
    },

    async deleteDigests(keys, signal) {
      for (const key of keys) {
        checkKey(key, DIGEST_PREFIX);
        await remove(clients, place, key, signal);
      }
    },

    async deleteDigestsUnder(under, signal) {
      checkKey(under, DIGEST_PREFIX);
      await removeUnder(clients, place, under, signal);
    },

    async prepare(signal) {
      const found = await clients
        .s3('s3:GetLifecycleConfiguration', signal, (s3, http) => s3.getBucketLifecycleConfiguration(bucket, http))
        .catch((error) => {
          if (hasAwsCode(error, /^NoSuchLifecycleConfiguration$/)) return null;
          throw error;
        });
      const rules = withStagingRule(found?.Rules ?? [], prefix);
      if (!rules) return;
      const kept = found?.TransitionDefaultMinimumObjectSize;
      await clients.s3('s3:PutLifecycleConfiguration', signal, (s3, http) =>
        s3.putBucketLifecycleConfiguration(
          {
            ...bucket,
            LifecycleConfiguration: { Rules: rules },
            ...(kept && { TransitionDefaultMinimumObjectSize: kept }),
          },
          http,
        ),
      );
    },

    async startUpload(key, { capacityBytes }, signal) {
      checkKey(key, prefix);
      // A stream-optimized VMDK of noise is a little larger than its disk: markers, tables and deflate's own overhead.
      if (capacityBytes * 1.01 > largestObject(schedule)) {
        throw faultError('disk-unsupported', { message: `A disk of ${capacityBytes} bytes does not fit in S3.` });
      }
      return startPartUpload(clients, place, key, signal, options);
    },

    async abortUpload(key, uploadId, signal) {
      checkKey(key, prefix);
      await cancel(clients, place, key, uploadId, signal);
      await sweepPieces(clients, place, key, signal);
    },

    async abortUploadsOf(key, signal) {
      checkKey(key, prefix);
      await cancelAllOf(clients, place, key, signal);
      await sweepPieces(clients, place, key, signal);
    },

    async delete(key, signal) {
      checkKey(key, prefix);
      await remove(clients, place, key, signal);
    },

    async head(key, signal) {
      try {
        const answer = await clients.s3('s3:GetObject', signal, (s3, http) =>
          s3.headObject({ ...bucket, Key: key }, http),
        );
        return { bytes: answer.ContentLength ?? 0 };
      } catch (error) {
        if (hasAwsCode(error, /^(NotFound|NoSuchKey)$/)) return null;
        throw error;
      }
    },
  };
}

export function stagingPlace(config: AwsTargetConfig): StagingPlace {
  return { bucket: config.bucket, owner: config.account ? { ExpectedBucketOwner: config.account } : {} };
}

/** What is staged expires with its prefix, and digest sets never do: neither may lie under the other's. */
function checkKey(key: string, prefix: string): void {
  if (key.startsWith(prefix) && key.length > prefix.length) return;
  throw faultError('internal', { message: `The object ${key} would not lie under ${prefix}.` });
}
