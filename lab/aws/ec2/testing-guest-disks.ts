// Raw disks that look like those of guests, as far as the lab looks.

const sector = 512;

/** An MBR with one partition at 1 MiB, and boot code unless told otherwise. */
function mbrDisk(type: number, bootCode: boolean): Buffer {
  const disk = Buffer.alloc(2 * 2 ** 20);
  if (bootCode) disk.fill(0x90, 0, 200);
  disk[446 + 4] = type;
  disk.writeUInt32LE(2048, 446 + 8);
  disk.writeUInt32LE(2048, 446 + 12);
  disk.writeUInt16LE(0xaa55, 510);
  return disk;
}

export function windowsDisk(): Buffer {
  const disk = mbrDisk(7, true);
  disk.write('NTFS    ', 2048 * sector + 3, 'latin1');
  return disk;
}

export function linuxDisk(bootCode = true): Buffer {
  const disk = mbrDisk(0x83, bootCode);
  disk.writeUInt16LE(0xef53, 2048 * sector + 1080);
  return disk;
}

/** A GPT with an EFI system partition and a Linux one. */
export function efiDisk(): Buffer {
  const disk = Buffer.alloc(3 * 2 ** 20);
  disk[446 + 4] = 0xee;
  disk.writeUInt32LE(1, 446 + 8);
  disk.writeUInt16LE(0xaa55, 510);
  disk.write('EFI PART', sector, 'latin1');
  disk.writeBigUInt64LE(2n, sector + 72);
  disk.writeUInt32LE(128, sector + 80);
  disk.writeUInt32LE(128, sector + 84);
  const types = ['28732ac11ff8d211ba4b00a0c93ec93b', 'af3dc60f838472478e793d69d8477de4'];
  for (const [at, type] of types.entries()) {
    Buffer.from(type, 'hex').copy(disk, 2 * sector + at * 128);
    disk.writeBigUInt64LE(BigInt(2048 * (at + 1)), 2 * sector + at * 128 + 32);
  }
  disk.writeUInt16LE(0xef53, 4096 * sector + 1080);
  return disk;
}
