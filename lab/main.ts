// The lab as a program: a pretend data centre, a pretend AWS and the server that steers them, in one process.
// Started by `npm start`, by tests and by hand; imports nothing from outside lab/.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type LabAws, startLabAws } from './aws/main.ts';
import { startLabControl } from './control/main.ts';
import { FaultRules } from './faults/rules.ts';
import { newPassword, portOf, readLabFile, writeLabFile } from './lab-file.ts';
import { startLabVcenter } from './vcenter/main.ts';
import { defaultWorld } from './world/default.ts';
import { generateWorld } from './world/generate.ts';
import type { World } from './world/world.ts';

const vcenterUser = 'administrator@vsphere.local';
const usage = `Usage: node lab/main.ts --data DIR [--vcenter-port N] [--aws-port N] [--control-port N]
  [--tiny-guest IMAGE]     the disk of the VM tiny-guest: what lab/guest/build-tiny-guest.sh makes
  [--guest-image IMAGE]    any raw disk image: the disk of a VM that is named after it
  [--vms N]                a generated world of N machines instead of the usual one
  [--world FILE]           a world as JSON (lab/world/world.ts says of what shape) instead of the usual one
  [--api-version 8.0.2.0]  what the vCenter says of itself
  [--clock-scale 0.01]     multiplies every duration of the vCenter
  [--aws-clock-scale 0.01] multiplies what AWS's imports, snapshots and instances take by themselves
  [--guest-writes N]       blocks that each guest writes a second to a disk in use (default 1)
  [--no-keep-hashes]       forget a snapshot's hashes when it is removed
`;

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      'vcenter-port': { type: 'string' },
      'aws-port': { type: 'string' },
      'control-port': { type: 'string' },
      'tiny-guest': { type: 'string' },
      'guest-image': { type: 'string' },
      vms: { type: 'string' },
      world: { type: 'string' },
      'api-version': { type: 'string' },
      'clock-scale': { type: 'string', default: '1' },
      'aws-clock-scale': { type: 'string', default: '1' },
      'guest-writes': { type: 'string', default: '1' },
      'no-keep-hashes': { type: 'boolean', default: false },
    },
  });
  if (!values.data) throw new Error(usage);
  const dataDir = resolve(values.data);
  const before = readLabFile(dataDir);
  const port = (option: string | undefined, url: string | undefined) =>
    option === undefined ? portOf(url) : wholeNumber(option);
  const faults = new FaultRules();
  const password = before?.vcenter.password ?? newPassword();
  const world = worldOf(values);

  const running: { close(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of running.splice(0).reverse()) await part.close();
  };
  try {
    const vcenter = await startLabVcenter({
      dataDir: join(dataDir, 'vcenter'),
      port: port(values['vcenter-port'], before?.vcenter.url),
      faults,
      world,
      clockScale: Number(values['clock-scale']),
      settings: {
        user: vcenterUser,
        password,
        keepHashes: !values['no-keep-hashes'],
        guestWritesPerSecond: wholeNumber(values['guest-writes']),
      },
    });
    running.push(vcenter);
    const awsPort = port(values['aws-port'], before?.aws.endpoint);
    const aws = await startLabAws({
      dataDir,
      port: awsPort,
      faults,
      timeScale: Number(values['aws-clock-scale']),
      log: (line) => console.error(line),
    });
    running.push(aws);
    const controlPort = port(values['control-port'], before?.control.url);
    const control = await startLabControl({ vcenter, aws, faults, port: controlPort });
    running.push(control);
    writeLabFile(dataDir, {
      vcenter: { url: vcenter.url, user: vcenterUser, password, fingerprint: vcenter.fingerprint },
      aws: describeAws(aws),
      control: { url: control.url },
    });
    console.log(
      `Lab ready: vCenter ${vcenter.url}, AWS ${aws.url}, control ${control.url}; ${join(dataDir, 'lab.json')}`,
    );
  } catch (error) {
    await stop();
    throw error;
  }

  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  // Under a supervisor: nobody is left to stop us when it is gone.
  process.once('disconnect', end);
  if (process.channel && !process.connected) end();
}

interface WorldOptions {
  world?: string;
  vms?: string;
  'api-version'?: string;
  'tiny-guest'?: string;
  'guest-image'?: string;
}

function worldOf(values: WorldOptions): World {
  const apiVersion = values['api-version'];
  if (values.world !== undefined) return JSON.parse(readFileSync(values.world, 'utf8')) as World;
  if (values.vms !== undefined) return generateWorld({ vms: wholeNumber(values.vms), seed: 'lab', apiVersion });
  return defaultWorld({
    apiVersion,
    tinyGuestImage: values['tiny-guest'] && resolve(values['tiny-guest']),
    guestImage: values['guest-image'] && resolve(values['guest-image']),
  });
}

function describeAws(aws: LabAws) {
  const { url: endpoint, region, account, bucket, credentials, connector, role, second } = aws;
  return { endpoint, region, account, bucket, ...credentials, connector, role, second };
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new Error(`${text} is not a whole number\n${usage}`);
  return number;
}
