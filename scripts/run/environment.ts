// What each program is told through its environment, and nothing more: the appliance never sees the database or our keys.
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { publicUrl as given, subPath } from '../../server/public-url.ts';
import type { Secrets } from './data-folder.ts';

type Variables = Record<string, string | undefined>;

/** `lab.json`, as lab/main.ts writes it once it is ready. */
export interface LabFile {
  vcenter: { url: string; user: string; password: string; fingerprint: string };
  aws: {
    endpoint: string;
    region: string;
    accessKeyId: string;
    secretAccessKey: string;
    bucket: string;
    connector: { accessKeyId: string; secretAccessKey: string };
  };
  control: { url: string };
}

export interface Settings {
  /** The environment that the person started us with. */
  own: Variables;
  dataFolder: string;
  connectorFolder: string;
  secrets: Secrets;
  port: number;
  host: string;
  lab: LabFile | undefined;
  databaseUrl: string;
  enrolmentCode?: string;
}

export function readLabFile(file: string): LabFile {
  return JSON.parse(readFileSync(file, 'utf8')) as LabFile;
}

/** The address that people use: given, or this machine's. */
export function publicUrl(own: Variables, host: string, port: number): string {
  if (isNamed(own)) return given('', own);
  return `${scheme(own)}://${isLoopback(host) ? 'localhost' : host === '0.0.0.0' || host === '::' ? os.hostname() : host}:${port}`;
}

const isNamed = (own: Variables): boolean => Boolean(own.LANDFALL_PUBLIC_URL || own.NEXTAUTH_URL);
const scheme = (own: Variables): string => (own.LANDFALL_TLS_CERT ? 'https' : 'http');

/** The address under which programs on this machine reach the web. */
export function localUrl(own: Variables, host: string, port: number): string {
  const reached = host === '0.0.0.0' || host === 'localhost' ? '127.0.0.1' : host === '::' ? '[::1]' : host;
  const name = reached.includes(':') && !reached.startsWith('[') ? `[${reached}]` : reached;
  return `${scheme(own)}://${name}:${port}${isNamed(own) ? subPath(own) : ''}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

const without = (own: Variables, pattern: RegExp): Variables =>
  Object.fromEntries(Object.entries(own).filter(([name]) => !pattern.test(name)));

/** npm's and our own start-up variables concern no program. */
const NOISE = /^(npm_|INIT_CWD$|LANDFALL_(FIRST|STARTED)_|LANDFALL_LAB_OPTIONS$)/;

/** The AWS target: the user's when any of it is set, else the lab's. */
function aws({ own, lab }: Settings, forConnector: boolean): Variables {
  if (Object.keys(own).some((name) => name.startsWith('LANDFALL_AWS_') && own[name]) || !lab) {
    if (!forConnector) return {};
    return {
      LANDFALL_AWS_ACCESS_KEY_ID: own.LANDFALL_CONNECTOR_AWS_ACCESS_KEY_ID ?? own.LANDFALL_AWS_ACCESS_KEY_ID,
      LANDFALL_AWS_SECRET_ACCESS_KEY:
        own.LANDFALL_CONNECTOR_AWS_SECRET_ACCESS_KEY ?? own.LANDFALL_AWS_SECRET_ACCESS_KEY,
    };
  }
  const { endpoint, region, bucket, connector, ...console } = lab.aws;
  const key = forConnector ? connector : console;
  return {
    LANDFALL_AWS_REGION: region,
    LANDFALL_AWS_BUCKET: bucket,
    LANDFALL_AWS_ACCESS_KEY_ID: key.accessKeyId,
    LANDFALL_AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    LANDFALL_AWS_ENDPOINT_S3: endpoint,
    LANDFALL_AWS_ENDPOINT_EC2: endpoint,
    LANDFALL_AWS_ENDPOINT_EBS: endpoint,
    LANDFALL_AWS_ENDPOINT_STS: endpoint,
  };
}

/** For web, worker and the one-off programs before them. */
export function consoleEnvironment(settings: Settings): Variables {
  const { own, secrets, port, host, lab, databaseUrl, dataFolder } = settings;
  const url = publicUrl(own, host, port);
  return {
    ...without(own, new RegExp(`${NOISE.source}|^LANDFALL_(VM_MANAGER_|ENROL_CODE$|CONNECTOR_)`)),
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    DATABASE_URL: databaseUrl,
    LANDFALL_DATA: dataFolder,
    NEXTAUTH_SECRET: own.NEXTAUTH_SECRET || secrets.nextAuthSecret,
    LANDFALL_SECRET_KEY: own.LANDFALL_SECRET_KEY || secrets.secretKey,
    // next-auth is told its own place in full where the console lies under a path.
    NEXTAUTH_URL: new URL(url).pathname === '/' ? url : `${url}/api/auth`,
    LANDFALL_PUBLIC_URL: url,
    LANDFALL_ANY_HOST: own.LANDFALL_ANY_HOST || (isNamed(own) ? '0' : '1'),
    PORT: String(port),
    ...aws(settings, false),
    ...(lab ? { LANDFALL_LAB: '1', LANDFALL_LAB_CONTROL: lab.control.url } : { LANDFALL_LAB: '0' }),
  };
}

/** For the appliance: what it would have on a machine of its own. */
export function connectorEnvironment(settings: Settings): Variables {
  const { own, lab, connectorFolder, enrolmentCode } = settings;
  const secret =
    '^(DATABASE_URL|PG.*|NEXTAUTH_.*|LANDFALL_(LAB.*|DATA|PUBLIC_URL|TLS_.*|SECRET_KEY|SMTP_URL|MAIL_FROM|NOTIFY_.*|OIDC_.*|BREAK_GLASS|TEST_.*|CONNECTOR_AWS_.*))$';
  return {
    ...without(own, new RegExp(`${NOISE.source}|${secret}`)),
    NODE_ENV: 'production',
    LANDFALL_CONNECTOR_DIR: connectorFolder,
    ...consoleOf(settings),
    LANDFALL_ENROL_CODE: own.LANDFALL_ENROL_CODE ?? enrolmentCode,
    ...(lab && !own.LANDFALL_VM_MANAGER_URL
      ? {
          LANDFALL_VM_MANAGER_URL: lab.vcenter.url,
          LANDFALL_VM_MANAGER_USER: lab.vcenter.user,
          LANDFALL_VM_MANAGER_PASSWORD: lab.vcenter.password,
          LANDFALL_VM_MANAGER_FINGERPRINT: lab.vcenter.fingerprint,
        }
      : {}),
    ...aws(settings, true),
  };
}

/** Where the console is. A certificate is for its public name, and may be one that only this installation knows. */
function consoleOf({ own, host, port }: Settings): Variables {
  if (own.LANDFALL_URL || !own.LANDFALL_TLS_CERT)
    return { LANDFALL_URL: own.LANDFALL_URL ?? localUrl(own, host, port) };
  return {
    LANDFALL_URL: publicUrl(own, host, port),
    NODE_EXTRA_CA_CERTS: own.NODE_EXTRA_CA_CERTS ?? own.LANDFALL_TLS_CERT,
  };
}

/** For the lab: nothing of ours. */
export function labEnvironment(own: Variables): Variables {
  return without(own, /^(npm_|INIT_CWD$|LANDFALL_|DATABASE_URL$|PG|NEXTAUTH_|AWS_)/);
}
