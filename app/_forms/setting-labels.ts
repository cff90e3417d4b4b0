// Words for the settings of a replication job, the same in wizard, table and details. Pure.
import { effectiveLicense, type ImageMethod, type License } from '../../replication/model/job.ts';
import type { CatalogServer } from '../../replication/model/server.ts';

type Family = CatalogServer['guestFamily'];

export const LICENSE_LABELS: Record<License, string> = { auto: 'Auto', aws: 'AWS', byol: 'BYOL' };

/** What a licence means for a guest system. */
export function licenseMeaning(license: License, family: Family): string {
  if (license === 'aws') return 'AWS provides the Windows licence; it is part of the price of the instance.';
  if (license === 'byol') {
    return family === 'linux' || family === 'other'
      ? 'Bring your own: the server keeps the licence it has now.'
      : 'Bring your own Windows licence; AWS bills none.';
  }
  if (family === 'windows-server') return 'For Windows Server, Auto is AWS: the licence is part of the price.';
  if (family === 'windows-client') return 'For a Windows client, Auto is BYOL: AWS provides no such licence.';
  return 'For Linux, Auto is BYOL: the server keeps its own subscription, if it has one.';
}

/** `Auto (AWS)`, `BYOL`. */
export function licenseText(license: License, family: Family): string {
  return license === 'auto' ? `Auto (${LICENSE_LABELS[effectiveLicense(license, family)]})` : LICENSE_LABELS[license];
}

export const IMAGE_METHOD_LABELS: Record<ImageMethod, string> = {
  auto: 'Auto',
  'register-image': 'Register image',
  'import-image': 'VM Import',
};

export const IMAGE_METHOD_MEANING: Record<ImageMethod, string> = {
  auto: 'For Linux the AMI is registered from the disks.',
  'register-image': 'The AMI is made of the disks just as they are.',
  'import-image': 'VM Import also puts the AWS drivers into the guest.',
};

/** `Auto (Register image)`, `VM Import`. */
export function imageMethodText(method: ImageMethod, family: Family): string {
  if (family === 'windows-server' || family === 'windows-client') return 'VM Import';
  return method === 'auto' ? 'Auto (Register image)' : IMAGE_METHOD_LABELS[method];
}

/** `Every 12 hours`, `One-time`. */
export function frequencyText(everyHours: number | null): string {
  if (everyHours === null) return 'One-time';
  return everyHours === 1 ? 'Every hour' : `Every ${everyHours} hours`;
}

/** `The newest 10 AMIs`, `All AMIs`. */
export function keepImagesText(keepImages: number | null): string {
  if (keepImages === null) return 'No: all AMIs are kept';
  return keepImages === 1 ? 'Yes: the newest AMI is kept' : `Yes: the newest ${keepImages} AMIs are kept`;
}

/** What each run reads back; null is as the AWS target's settings say. */
export const VERIFICATION_LABELS = {
  target: 'As set for the AWS target',
  sampled: 'A sample of the blocks',
  full: 'Every block',
} as const;

/** `Pauses after 3 failures in a row`, `Never pauses`. */
export function pauseText(pauseAfterFailures: number | null): string {
  if (pauseAfterFailures === null) return 'Never pauses';
  return pauseAfterFailures === 1 ? 'Pauses after a failure' : `Pauses after ${pauseAfterFailures} failures in a row`;
}

/** `Main · eu-central-1 · my-bucket` */
export function targetText(target: { name?: string; region: string; bucket: string } | null): string {
  return target ? [target.name, target.region, target.bucket].filter(Boolean).join(' · ') : '';
}
