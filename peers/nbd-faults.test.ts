// Peers: qemu-nbd and nbdkit. What our NBD client says when they fail, refuse, fall silent or die.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ALLOCATION, allocatedExtents } from '../replication/disks/nbd/nbd-disk.ts';
import { openSeekReader } from '../replication/disks/seek-reader.ts';
import type { Fault } from '../replication/model/fault.ts';
import { describeWith } from './installed.ts';
import {
  bytes,
  certificates,
  folder,
  MiB,
  nbdDiskForTests,
  nbdkit,
  never,
  openDisk,
  PROGRAMS,
  qemuNbd,
  raw,
  seed,
  tlsOf,
} from './nbd-disk.ts';
import { makeCertificates } from './nbd-servers.ts';

describeWith(PROGRAMS, `NBD, seed ${seed}`, () => {
  nbdDiskForTests();

  describe('what goes wrong', () => {
    const faultOf = async (promise: Promise<unknown>): Promise<Fault> => {
      const error = await promise.then(
        () => undefined,
        (reason) => reason,
      );
      expect(error).toHaveProperty('fault');
      return error.fault;
    };

    it('an error of the storage: that read fails, the next one does not', async () => {
      const switchFile = join(folder, 'fail');
      const error = ['error-pread=EIO', 'error-pread-rate=100%', `error-pread-file=${switchFile}`];
      const { uri } = await nbdkit(['--filter=error', 'file', raw, ...error]);
      const disk = await openDisk(uri);
      await writeFile(switchFile, '');
      expect(await faultOf(disk.read(0, MiB, never))).toMatchObject({
        code: 'disk-read-failed',
        message: /EIO/,
        retry: 'now',
      });
      await rm(switchFile);
      expect(Buffer.compare(await disk.read(0, MiB, never), bytes.subarray(0, MiB))).toBe(0);
    });

    it('a server that shuts down', async () => {
      const { uri } = await nbdkit(['--filter=error', 'file', raw, 'error=ESHUTDOWN', 'error-rate=100%']);
      const disk = await openDisk(uri, { contexts: [ALLOCATION] });
      expect(await faultOf(disk.read(0, 512, never))).toMatchObject({ code: 'export-cut', message: /ESHUTDOWN/ });
      expect(await faultOf(allocatedExtents(disk, never))).toMatchObject({ code: 'export-cut' });
    });

    it.each(['nbdkit', 'qemu-nbd'])('%s killed in the middle of a disk', async (name) => {
      const slow = ['--filter=rate', 'file', raw, 'rate=64M'];
      const server = await (name === 'nbdkit' ? nbdkit(slow) : qemuNbd(['-f', 'raw', raw], { tcp: true }));
      const disk = await openDisk(server.uri);
      const reader = openSeekReader(disk);
      let seen = 0;
      const reading = async () => {
        for await (const _block of reader.blocks(never)) {
          seen += 1;
          if (seen === 4) server.child.kill('SIGKILL');
        }
      };
      expect(await faultOf(reading())).toMatchObject({ code: 'export-cut', retry: 'now' });
      expect(seen).toBeLessThan(bytes.length / (MiB / 2));
      expect((await faultOf(openDisk(server.uri))).code).toBe('nbd-unreachable');
    });

    it('a signal in the middle of a slow read', async () => {
      const { uri } = await nbdkit(['--filter=delay', 'file', raw, 'delay-read=20']);
      const disk = await openDisk(uri);
      const stop = new AbortController();
      const reading = disk.read(0, 512, stop.signal);
      setImmediate(() => stop.abort(new Error('enough')));
      await expect(reading).rejects.toThrow('enough');
    });

    it('a server that does not answer a read in time', async () => {
      const { uri } = await nbdkit(['--filter=delay', 'file', raw, 'delay-read=20']);
      const disk = await openDisk(uri, { silenceTimeoutMs: 200 });
      expect(await faultOf(disk.read(0, 512, never))).toMatchObject({ code: 'export-cut', message: /fell silent/ });
    });

    it('an export that is not there', async () => {
      const { uri } = await qemuNbd(['-f', 'raw', raw], { exportName: 'sda' });
      const fault = await faultOf(openDisk(uri.replace('/sda', '/sdb')));
      expect(fault).toMatchObject({ code: 'nbd-refused', message: /no export of this name/ });
    });

    it('oldstyle', async () => {
      const { uri } = await nbdkit(['-o', 'file', raw]);
      expect(await faultOf(openDisk(uri))).toMatchObject({ code: 'nbd-invalid', message: /oldstyle/ });
    });

    it('TLS: who is not trusted, not named, or not encrypted, does not come in', async () => {
      const tls = ['--tls=require', `--tls-certificates=${certificates.folder}`];
      const { uri } = await nbdkit([...tls, 'file', raw], { tcp: true, scheme: 'nbds' });
      const other = await makeCertificates(join(folder, 'other'));
      const refused = { code: 'nbd-refused' };
      expect(await faultOf(openDisk(uri))).toMatchObject({ ...refused, message: /TLS/ });
      expect(await faultOf(openDisk(uri, tlsOf(other)))).toMatchObject({ ...refused, message: /TLS/ });
      const byAddress = uri.replace('localhost', '127.0.0.1');
      expect(await faultOf(openDisk(byAddress, tlsOf(certificates)))).toMatchObject({ ...refused, cause: /ALTNAME/ });
      await openDisk(`${byAddress}?tls-hostname=localhost`, tlsOf(certificates));
      const plain = await faultOf(openDisk(uri.replace('nbds:', 'nbd:')));
      expect(plain).toMatchObject({ ...refused, message: /demands TLS/ });
      const without = await nbdkit(['file', raw], { tcp: true, scheme: 'nbds' });
      expect(await faultOf(openDisk(without.uri, tlsOf(certificates)))).toMatchObject(refused);
    });

    it('TLS on a socket with certificates of both sides', async () => {
      const tls = ['--tls=require', `--tls-certificates=${certificates.folder}`, '--tls-verify-peer'];
      const { uri } = await nbdkit([...tls, 'file', raw], { scheme: 'nbds' });
      const named = `${uri}&tls-hostname=localhost`;
      expect((await faultOf(openDisk(named, tlsOf(certificates)))).code).toBe('nbd-refused');
      const { ca, cert, key } = certificates;
      const disk = await openDisk(named, { tls: { ca, cert, key } });
      expect(Buffer.compare(await disk.read(MiB, MiB, never), bytes.subarray(MiB, 2 * MiB))).toBe(0);
    });
  });
});
