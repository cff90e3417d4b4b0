// Which bucket and key a request means: by path, or by the host's name.
import { AwsError, type AwsRequest } from '../service.ts';

export interface Address {
  bucket: string;
  key: string;
  virtualHost: boolean;
}

/** `bucket.s3.eu-central-1.example`, `bucket.s3-…` and `bucket.localhost` name the bucket in the host; all others in the path. */
export function addressOf({ path, headers }: Pick<AwsRequest, 'path' | 'headers'>): Address {
  const host = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  const inHost = /^(.+?)\.(?:localhost$|s3[.-])/.exec(host)?.[1];
  const named = path.replace(/^\//, '');
  if (inHost !== undefined && inHost !== 's3') return { bucket: inHost, key: decodeKey(named), virtualHost: true };
  const at = named.indexOf('/');
  const bucket = at < 0 ? named : named.slice(0, at);
  return { bucket: decodeKey(bucket), key: at < 0 ? '' : decodeKey(named.slice(at + 1)), virtualHost: false };
}

function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new AwsError(400, 'InvalidURI', "Couldn't parse the specified URI.");
  }
}
