// Opens an AWS target: every adapter of this folder over one set of lazily loaded SDK clients.
import { type ClientLimits, createClients } from './clients.ts';
import { createEbsDirect, type EbsDirectOptions } from './ebs-direct/ebs-direct.ts';
import { createIdentity } from './identity.ts';
import { createImageCopies } from './image-copies.ts';
import { createImages } from './images.ts';
import { createInstances } from './instances.ts';
import type { PartUploadOptions } from './part-upload.ts';
import { tryRights } from './permissions/try-rights.ts';
import { createStaging } from './s3-staging.ts';
import { createSnapshots } from './snapshots.ts';
import type { AwsTarget, AwsTargetConfig, EbsDirect, InRegion, Staging } from './target.ts';

export interface OpenOptions {
  /** Times and tries; tests scale them down. */
  limits?: ClientLimits;
  upload?: PartUploadOptions;
  ebs?: EbsDirectOptions;
}

/** Nothing is loaded and nobody is called before the first use. `close()` ends every call under way. */
export function openAwsTarget(config: AwsTargetConfig, options: OpenOptions = {}): AwsTarget {
  const clients = createClients(config, options.limits);
  const direct = createEbsDirect(clients, config, options.ebs);
  const regions = new Map<string, { reached: InRegion; close(): void }>();
  const inRegion = (region: string): InRegion => {
    const known = regions.get(region);
    if (known) return known.reached;
    const elsewhere = { ...config, region, endpoints: endpointsElsewhere(config.endpoints) };
    const there = createClients(elsewhere, options.limits);
    const reached = {
      images: createImages(there, elsewhere),
      copies: createImageCopies(there),
      snapshots: createSnapshots(there, elsewhere),
    };
    regions.set(region, { reached, close: there.close });
    return reached;
  };
  const own = {
    images: createImages(clients, config),
    copies: createImageCopies(clients),
    snapshots: createSnapshots(clients, config),
  };
  return {
    staging: createStaging(clients, config, options.upload),
    ...own,
    ebs: direct.ebs,
    inRegion: (region) => (region === config.region ? own : inRegion(region)),
    instances: createInstances(clients),
    identity: createIdentity(clients),
    tryRights: (trial, signal) => tryRights(config, trial, signal),
    close() {
      for (const { close } of regions.values()) close();
      clients.close();
      direct.close();
    },
  };
}

/** A private address of AWS's is one of its Region; any other may answer for all of them, as the lab does. */
function endpointsElsewhere({ ec2 }: NonNullable<AwsTargetConfig['endpoints']> = {}) {
  const ofAws = ec2 !== undefined && /\.amazonaws\.com(\.cn)?$/.test(new URL(ec2).hostname);
  return ec2 === undefined || ofAws ? {} : { ec2 };
}

/** Staging alone: loads client-s3 (and client-sts, if `identity` is asked), never client-ec2. */
export function openStaging(
  config: AwsTargetConfig,
  options: OpenOptions = {},
): Staging & Pick<AwsTarget, 'identity' | 'close'> {
  const clients = createClients(config, options.limits);
  return {
    ...createStaging(clients, config, options.upload),
    identity: createIdentity(clients),
    close: clients.close,
  };
}

/** EBS direct alone: loads client-ebs; client-ec2 only where snapshots are described or the account's encryption is asked. */
export function openEbsDirect(
  config: AwsTargetConfig,
  options: OpenOptions = {},
): EbsDirect & Pick<AwsTarget, 'identity' | 'close'> {
  const clients = createClients(config, options.limits);
  const direct = createEbsDirect(clients, config, options.ebs);
  return {
    ...direct.ebs,
    identity: createIdentity(clients),
    close() {
      clients.close();
      direct.close();
    },
  };
}
