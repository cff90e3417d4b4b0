// Our stream-optimized VMDK writer against qemu-img: from the same raw file into a file in the same folder.
// Run by bench/main.ts; as a program of its own (`node bench/vmdk.ts RAW VMDK`) it is our side.
import { statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { openRawFile } from '../replication/disks/formats/raw/raw-file.ts';
import { createStreamOptimizedVmdk } from '../replication/disks/formats/vmdk/write-stream.ts';
import { pump } from '../replication/disks/pump.ts';
import type { Found } from '../scripts/peers/peer-programs.ts';
import { INPUTS, type Input } from './inputs.ts';
import { compete, notMeasured, type Row } from './row.ts';
import { measure } from './side.ts';

const NAME = 'VMDK writer';
const PEER = 'qemu-img convert';
const AIMS = {
  mixed: { aim: 'at least 4 times as fast, at most 2 % larger', least: 4, largest: 1.02 },
  text: { aim: 'as fast as can be, with the size beside it', least: 1, largest: 1.1 },
};

export async function vmdkRow(input: Input, rounds: number, qemuImg: Found): Promise<Row> {
  const { aim, least, largest } = AIMS[input.name];
  if ('missing' in qemuImg) return notMeasured(NAME, INPUTS[input.name], PEER, aim, qemuImg.missing);
  const written = async (program: string, args: string[], file: string) => {
    await rm(file, { force: true });
    const measured = await measure(program, [...args, input.file, file]);
    return { ...measured, bytes: statSync(file).size };
  };
  const folder = path.dirname(input.file);
  const theirs = ['convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized'];
  return compete({
    name: NAME,
    input: INPUTS[input.name],
    peer: PEER,
    rounds,
    ours: () => written(process.execPath, [import.meta.filename], path.join(folder, 'ours.vmdk')),
    theirs: () => written(qemuImg.path, theirs, path.join(folder, 'theirs.vmdk')),
    aim,
    isMet: (ratio, sizeRatio) => ratio >= least && sizeRatio !== null && sizeRatio <= largest,
  });
}

async function writeOurs(raw: string, vmdk: string): Promise<void> {
  const reader = await openRawFile(raw);
  const file = await open(vmdk, 'w');
  const { capacityBytes } = reader;
  const sink = async (chunk: Uint8Array) => {
    for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
  };
  const { signal } = new AbortController();
  await pump(reader, createStreamOptimizedVmdk({ capacityBytes, sink, name: path.basename(vmdk) }), { signal });
  await file.close();
}

if (import.meta.main) await writeOurs(process.argv[2]!, process.argv[3]!);
