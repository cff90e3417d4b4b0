// GetConsoleScreenshot: the end of the serial console as a picture of a VGA's text screen.
//
// AWS's reference does not say what it refuses. Calls against EC2 that were recorded in September 2026 (github.com/radkawar/stackd,
// testdata/aws/ec2/console_screenshot_boundaries.json) do: a dry run succeeds whatever the id is; an instance that is pending is
// UnsupportedOperation; one that is stopped or terminated is InvalidInstanceID.NotFound without a message, as one that never was; one
// that is stopping still shows its screen. Arm instances have no screen (EC2 User Guide, Instance console output).
import { AwsError } from '../service.ts';
import { cellHeight, cellWidth, drawCharacter } from './console-font.ts';
import type { Guests } from './guests.ts';
import { encodeGreyJpeg } from './jpeg.ts';
import { checkForm, endDryRun } from './refusals.ts';
import type { Action, Ec2 } from './state.ts';

const columns = 80;
const lines = 25;
/** A VGA's light grey. */
const lightGrey = 0xaa;

export function consoleScreenshotActions({ state }: Ec2, guests: Guests): Record<string, Action> {
  return {
    async GetConsoleScreenshot(parameters) {
      const id = parameters.required('InstanceId');
      // Nothing of the lab's guests sleeps, so there is nothing to wake; a value that is none is refused all the same.
      parameters.flag('WakeUp');
      endDryRun(parameters);
      checkForm('instance', id);
      const instance = state.instances[id];
      if (!instance || instance.state === 'stopped' || instance.state === 'terminated') {
        throw new AwsError(400, 'InvalidInstanceID.NotFound', '');
      }
      if (instance.state === 'pending') throw new AwsError(400, 'UnsupportedOperation', 'instance is not running');
      if (instance.architecture === 'arm64') {
        throw new AwsError(400, 'UnsupportedOperation', 'Screenshots of Arm instances are not supported.');
      }
      const { text } = await guests.console(instance);
      return { instanceId: id, imageData: pictureOf(screenOf(text.toString('utf8'))).toString('base64') };
    },
  };
}

/** The lines that a terminal of 80 by 25 would show at the end of this text. Colours and jumps of the cursor are left out. */
export function screenOf(text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's sequences begin with one.
  const plain = text.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])/g, '');
  const screen: string[][] = [[]];
  let column = 0;
  const feed = () => {
    screen.push([]);
    if (screen.length > lines) screen.shift();
    column = 0;
  };
  for (const character of plain) {
    if (character === '\n') feed();
    else if (character === '\r') column = 0;
    else if (character === '\b') column = Math.max(0, column - 1);
    else if (character === '\t') column = Math.min(columns - 1, column + 8 - (column % 8));
    else if (character >= ' ') {
      if (column === columns) feed();
      const line = screen.at(-1) ?? [];
      while (line.length < column) line.push(' ');
      line[column++] = character;
    }
  }
  return screen.map((line) => line.join(''));
}

/** A JPEG of 720 by 400: light grey on black, from the top. */
function pictureOf(screen: string[]): Buffer {
  const [width, height] = [columns * cellWidth, lines * cellHeight];
  const pixels = new Uint8Array(width * height);
  for (const [row, line] of screen.entries()) {
    for (const [column, character] of [...line].entries()) {
      drawCharacter(character, (x, y) => {
        pixels[(row * cellHeight + y) * width + column * cellWidth + x] = lightGrey;
      });
    }
  }
  return encodeGreyJpeg(pixels, width, height);
}
