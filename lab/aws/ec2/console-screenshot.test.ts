import { createRequire } from 'node:module';
import {
  type EC2Client,
  GetConsoleOutputCommand,
  GetConsoleScreenshotCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLabAws } from '../main.ts';
import { failure } from '../testing-lab-aws.ts';
import { screenOf } from './console-screenshot.ts';
import { encodeGreyJpeg } from './jpeg.ts';
import { type CloudLab, instanceOf, register, snapshotOf, startCloudLab, until } from './testing-driving.ts';
import { linuxDisk } from './testing-guest-disks.ts';

/** The part of sharp that is used here. Next brings it along, for its pictures. */
type Sharp = (bytes: Buffer) => {
  metadata(): Promise<{ format: string; width: number; height: number; channels: number; isProgressive: boolean }>;
  extractChannel(channel: number): { raw(): { toBuffer(): Promise<Buffer> } };
};
const here = createRequire(import.meta.url);
const sharp = createRequire(here.resolve('next/package.json'))('sharp') as Sharp;

let lab: CloudLab;
let ec2: EC2Client;
let image: string;

beforeAll(async () => {
  lab = await startCloudLab();
  ec2 = lab.ec2();
  image = await register(ec2, await snapshotOf(lab, linuxDisk()), { Name: 'linux' });
});
afterAll(async () => lab[Symbol.asyncDispose]());

async function launch(input: Partial<RunInstancesCommandInput> = {}): Promise<string> {
  const request = { ImageId: image, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1, ...input } as const;
  return (await ec2.send(new RunInstancesCommand(request))).Instances![0]!.InstanceId!;
}

const reaches = (id: string, state: string) =>
  until(`the instance is ${state}`, async () => (await instanceOf(ec2, id)).State!.Name === state);

const screenshot = (InstanceId: string, more: { WakeUp?: boolean; DryRun?: boolean } = {}) =>
  ec2.send(new GetConsoleScreenshotCommand({ InstanceId, ...more }));

const decoded = (jpeg: Buffer) => sharp(jpeg).extractChannel(0).raw().toBuffer();

const notFound = { name: 'InvalidInstanceID.NotFound', $metadata: { httpStatusCode: 400 } };

test('a running instance shows the end of its console as a JPEG', async () => {
  const id = await launch();
  await reaches(id, 'running');
  const { InstanceId, ImageData } = await screenshot(id, { WakeUp: true });
  expect(InstanceId).toBe(id);
  const jpeg = Buffer.from(ImageData!, 'base64');
  expect(await sharp(jpeg).metadata()).toMatchObject({
    format: 'jpeg',
    width: 720,
    height: 400,
    channels: 1,
    isProgressive: false,
  });
  const pixels = await decoded(jpeg);
  expect(pixels).toHaveLength(720 * 400);
  const { Output } = await ec2.send(new GetConsoleOutputCommand({ InstanceId: id }));
  const shown = screenOf(Buffer.from(Output!, 'base64').toString());
  expect(shown[0]).toMatch(/^\[lab\] This instance is only simulated/);
  let letters = 0;
  for (let line = 0; line < 25; line++) {
    for (let column = 0; column < 80; column++) {
      const inked = (shown[line]?.[column] ?? ' ') !== ' ';
      if (inked) letters += 1;
      let brightest = 0;
      for (let y = 0; y < 16; y++) {
        for (let x = 0; x < 8; x++) {
          brightest = Math.max(brightest, pixels[(line * 16 + y) * 720 + column * 9 + x]!);
        }
      }
      // The ringing of a letter beside it stays far below.
      expect({ line, column, inked: brightest > 120 }).toEqual({ line, column, inked });
    }
  }
  expect(letters).toBeGreaterThan(100);
});

test('what has no screen is refused as EC2 refuses it', async () => {
  const id = await launch();
  await reaches(id, 'running');
  await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  await reaches(id, 'stopped');
  expect(await failure(screenshot(id, { WakeUp: true }))).toMatchObject(notFound);
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await reaches(id, 'terminated');
  expect(await failure(screenshot(id))).toMatchObject(notFound);
  expect(await failure(screenshot('i-0123456789abcdef0'))).toMatchObject(notFound);
  expect((await failure(screenshot('i-x'))).name).toBe('InvalidInstanceID.Malformed');
  for (const one of [id, 'i-0123456789abcdef0', 'i-x']) {
    expect((await failure(screenshot(one, { DryRun: true }))).name).toBe('DryRunOperation');
  }
  const arm = await register(ec2, await snapshotOf(lab, linuxDisk()), { Name: 'arm', Architecture: 'arm64' });
  const graviton = await launch({ ImageId: arm, InstanceType: 't4g.micro' });
  await reaches(graviton, 'running');
  expect((await failure(screenshot(graviton))).name).toBe('UnsupportedOperation');
});

test('an instance on its way has no screen yet when it starts, and still one when it stops', async () => {
  const [stopping, ending] = [await launch(), await launch()];
  await reaches(stopping, 'running');
  await reaches(ending, 'running');
  // From here on nothing arrives.
  await lab.aws.close();
  const { dataDir, faults } = lab;
  lab.aws = await startLabAws({ dataDir, faults, guestQemu: false, timeScale: 1000 });
  ec2 = lab.ec2();
  expect(await failure(screenshot(await launch()))).toMatchObject({
    name: 'UnsupportedOperation',
    message: 'instance is not running',
    $metadata: { httpStatusCode: 400 },
  });
  await ec2.send(new StopInstancesCommand({ InstanceIds: [stopping] }));
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [ending] }));
  for (const [id, state] of [
    [stopping, 'stopping'],
    [ending, 'shutting-down'],
  ] as const) {
    expect((await instanceOf(ec2, id)).State!.Name).toBe(state);
    expect((await screenshot(id)).ImageData).toMatch(/^\/9j\//);
  }
});

test('a terminal’s screen: the last lines, wrapped, overwritten and without colours', () => {
  expect(screenOf('one\r\n\x1b[1;32mtwo\x1b[0m\r\n\x1b]0;title\x07a\tb\r\n10%\r20%')).toEqual([
    'one',
    'two',
    'a       b',
    '20%',
  ]);
  expect(screenOf('x'.repeat(81))).toEqual(['x'.repeat(80), 'x']);
  const many = Array.from({ length: 100 }, (_, at) => `line ${at}`);
  expect(screenOf(many.join('\n'))).toEqual(many.slice(75));
});

test('any grey picture survives the JPEG, whatever its size and contrast', async () => {
  const [width, height] = [37, 21];
  const smooth = Uint8Array.from({ length: width * height }, (_, at) => (at % width) * 6);
  // The same numbers each time, as good as noise: they take the longest codes and runs.
  const rough = Uint8Array.from({ length: width * height }, (_, at) => (Math.imul(at + 1, 2654435761) >>> 24) & 255);
  const hard = Uint8Array.from({ length: width * height }, (_, at) => ((at * 7) % 11 < 5 ? 255 : 0));
  for (const [pixels, near] of [
    [smooth, 4],
    [rough, 20],
    [hard, 20],
  ] as const) {
    const back = await decoded(encodeGreyJpeg(pixels, width, height));
    expect(back).toHaveLength(pixels.length);
    const error = pixels.reduce((sum, value, at) => sum + Math.abs(value - back[at]!), 0) / pixels.length;
    expect(error).toBeLessThan(near);
  }
});
