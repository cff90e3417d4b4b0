// What a person runs beside the VM manager to start a connector. Pure.
// Secrets are asked for on that machine, so that they stand neither here nor in the history of its shell.

export interface DeployFacts {
  consoleUrl: string;
  code: string;
  target: Record<'region' | 'bucket' | 's3' | 'ec2' | 'ebs' | 'sts', string | null>;
}

/** A value as a POSIX shell takes it. */
export function quoted(value: string): string {
  return /^[\w./:@%+=-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

const TO_FILL_IN = {
  vmManagerUrl: 'https://vcenter.example.com',
  vmManagerUser: 'landfall@vsphere.local',
  region: 'eu-central-1',
  bucket: 'my-staging-bucket',
};

// One command at the very end, and in a shell of its own: whatever followed it would be read as the first answer when
// the lines are pasted together, and not every shell has this `read`.
const ASK_AND_START = [
  'bash -c \'read -rp "AWS access key ID: " LANDFALL_AWS_ACCESS_KEY_ID',
  'read -rsp "AWS secret access key: " LANDFALL_AWS_SECRET_ACCESS_KEY; echo',
  'read -rsp "Password of the VM manager: " LANDFALL_VM_MANAGER_PASSWORD; echo',
  'export LANDFALL_AWS_ACCESS_KEY_ID LANDFALL_AWS_SECRET_ACCESS_KEY LANDFALL_VM_MANAGER_PASSWORD',
  "exec npm run connector'",
].join('; ');

/** The commands, ready to be pasted into a shell in the folder of Landfall. */
export function deployCommand(facts: DeployFacts, vmManager: { url: string; user: string }): string {
  const { target } = facts;
  const set = (name: string, value: string) => `export ${name}=${quoted(value)}`;
  const endpoints = (['s3', 'ec2', 'ebs', 'sts'] as const).flatMap((service) => {
    const url = target[service];
    return url ? [set(`LANDFALL_AWS_ENDPOINT_${service.toUpperCase()}`, url)] : [];
  });
  return [
    set('LANDFALL_URL', facts.consoleUrl),
    set('LANDFALL_ENROL_CODE', facts.code),
    set('LANDFALL_VM_MANAGER_URL', vmManager.url.trim() || TO_FILL_IN.vmManagerUrl),
    set('LANDFALL_VM_MANAGER_USER', vmManager.user.trim() || TO_FILL_IN.vmManagerUser),
    set('LANDFALL_AWS_REGION', target.region ?? TO_FILL_IN.region),
    set('LANDFALL_AWS_BUCKET', target.bucket ?? TO_FILL_IN.bucket),
    ...endpoints,
    ASK_AND_START,
  ].join('\n');
}

/** Why a connector elsewhere could not use the console's address; null when it can. */
export function addressProblem(consoleUrl: string): string | null {
  const { protocol, hostname } = new URL(consoleUrl);
  const loopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  if (loopback)
    return 'The console is reached under an address of this machine only, so the connector must run here too.';
  if (protocol === 'http:') return 'A connector on another machine talks to the console over HTTPS only.';
  return null;
}
