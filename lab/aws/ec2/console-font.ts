// The letters of the lab's text screen, drawn for it: printable ASCII in cells of 9 by 16.

export const cellWidth = 9;
export const cellHeight = 16;

/** From space to `~`: eight rows of five dots each, a row as one digit of base 32, its highest bit on the left. */
const drawn = `
  00000000 44444040 aa000000 aavavaa0 4fke5u40 op248j30 cik8lid0 44000000 24888420 84222480 04lel400 044v4400 00000c48 000v0000
  00000cc0 01248g00 ehjlphe0 4c4444e0 eh1248v0 v2421he0 26aiv220 vgu11he0 68guhhe0 v1248880 ehhehhe0 ehhf12c0 0cc0cc00 0cc0c480
  248g8420 00v0v000 84212480 eh124040 eh1dlle0 ehhhvhh0 uhhuhhu0 ehggghe0 sihhhis0 vgguggv0 vgguggg0 ehgnhhf0 hhhvhhh0 e44444e0
  72222ic0 hikokih0 ggggggv0 hrllhhh0 hhpljhh0 ehhhhhe0 uhhuggg0 ehhhlid0 uhhukih0 fgge11u0 v4444440 hhhhhhe0 hhhhha40 hhhllla0
  hha4ahh0 hhha4440 v1248gv0 e88888e0 0g842100 e22222e0 4ah00000 0000000v 84200000 00e1fhf0 ggmphhu0 00egghe0 11djhhf0 00ehvge0
  698s8880 00fhhf1e ggmphhh0 40c444e0 206222ic ggikoki0 c44444e0 00qllll0 00mphhh0 00ehhhe0 00uhhugg 00djhf11 00mpggg0 00fge1u0
  88s88960 00hhhjd0 00hhha40 00hhlla0 00ha4ah0 00hhhf1e 00v248v0 24484420 44444440 84424480 008l2000
`;
const glyphs = drawn.trim().split(/\s+/);
const unknown = 'vhhhhhv0';
/** Where a dot of two pixels stands, so that uprights are as thick as a VGA's. */
const dotsAt = [0, 1, 3, 4, 6];

/** Lights the pixels of a character in its cell: `light` is called with a column (0 to 7) and a row (0 to 15). */
export function drawCharacter(character: string, light: (x: number, y: number) => void): void {
  const rows = glyphs[character.charCodeAt(0) - 32] ?? unknown;
  for (const [row, digit] of [...rows].entries()) {
    const dots = Number.parseInt(digit, 32);
    for (const [column, x] of dotsAt.entries()) {
      if (!(dots & (16 >> column))) continue;
      for (const [dx, dy] of [
        [0, 0],
        [1, 0],
        [0, 1],
        [1, 1],
      ] as const) {
        light(x + dx, row * 2 + dy);
      }
    }
  }
}
