// Wrong patches that some test must catch: each is a mistake that replication software has made, or one that ours is close to.
// `search` must be in the file exactly once; when the code changes, the patch has to follow.

export interface MutantPatch {
  name: string;
  edits: { file: string; search: string; replace: string }[];
  /** The tests of that area. */
  tests: string[];
}

export const MUTANTS: MutantPatch[] = [
  {
    name: 'zero blocks dropped in a child',
    edits: [
      {
        file: 'replication/disks/changed-blocks.ts',
        search: '        yield this.#send(makeBlock(index, this.capacityBytes, null));\n',
        replace: '',
      },
      {
        file: 'replication/disks/changed-blocks.ts',
        search: '      yield this.#send(block);\n',
        replace: '      if (block.data) yield this.#send(block);\n',
      },
    ],
    tests: ['replication/disks/changed-blocks.test.ts'],
  },
  {
    name: 'baseline moved before completion',
    edits: [
      {
        file: 'server/services/tasks/settle.ts',
        search: "  if (stepId === 'make-snapshots') await moveBaselines(",
        replace: `  if (stepId === 'copy-disks') {
    const copied = parsed.data as StepResults['copy-disks'];
    const disks = copied.disks.map((disk) => ({ id: disk.id, snapshotId: disk.snapshotId ?? disk.parentSnapshotId ?? '' }));
    await moveBaselines(work, { ...run, results: { ...run.results, 'copy-disks': copied } }, { disks });
  }
  if (stepId === 'make-snapshots') await moveBaselines(`,
      },
    ],
    tests: ['proofs/deltas.test.ts'],
  },
  {
    name: 'paging stopped at an empty page',
    edits: [
      {
        file: 'replication/sources/vsphere/changed-areas.ts',
        search: '    gathered.add(page.areas);\n',
        replace: '    if (page.areas.length === 0) break;\n    gathered.add(page.areas);\n',
      },
    ],
    tests: ['replication/sources/vsphere/changed-pages.test.ts'],
  },
  {
    name: 'widening by zero fill',
    edits: [
      {
        file: 'replication/sources/vsphere/gathered-extents.ts',
        search: 'const fresh = widenToBlocks(page, this.#capacityBytes);',
        replace: 'const fresh = mergeExtents(page);',
      },
      {
        file: 'replication/steps/connector/copy-disk.ts',
        search: 'opened.openDisk(disk.id, signal, extentsToRead(base, disk.capacityBytes, extents))',
        replace: 'opened.openDisk(disk.id, signal, extents)',
      },
      {
        file: 'replication/disks/seek-reader.ts',
        search: '  return new SeekReader(disk, extents,',
        replace: `  const asked = [...(options.extents ?? wholeDisk(disk.capacityBytes))];
  const filled: SeekableDisk = {
    capacityBytes: disk.capacityBytes,
    close: () => disk.close(),
    read: async (offset, length, signal) => {
      const bytes = await disk.read(offset, length, signal);
      const block = new Uint8Array(length);
      for (const extent of asked) {
        const from = Math.max(extent.offset, offset);
        const to = Math.min(extent.offset + extent.length, offset + length);
        if (to > from) block.set(bytes.subarray(from - offset, to - offset), from - offset);
      }
      return block;
    },
  };
  return new SeekReader(filled, extents,`,
      },
    ],
    tests: ['replication/disks/seek-reader.test.ts'],
  },
  {
    name: 'disks matched by name',
    edits: [
      {
        file: 'replication/sources/vsphere/devices.ts',
        search: "    id: text(backing, 'uuid') || ",
        replace: "    id: fileName.replace(/-\\d{6}(?=\\.vmdk$)/, '') || ",
      },
    ],
    tests: ['replication/sources/vsphere/devices.test.ts'],
  },
  {
    name: "candidate digests overwriting the baseline's",
    edits: [
      {
        file: 'replication/steps/connector/copy-disk.ts',
        search: '  const candidate = createDigestWriter({ store, prefix, ',
        replace: `  const over = context.baselines.find((one) => one.diskId === disk.id)?.manifestKey.replace(/manifest$/, '');
  const candidate = createDigestWriter({ store, prefix: over ?? prefix, `,
      },
    ],
    tests: ['proofs/deltas.test.ts'],
  },
  {
    name: "another workspace's rows in a list",
    edits: [
      {
        file: 'server/services/list-find.ts',
        search: `loose: and(sql\`\${list.workspaceId} || '' = \${workspaceId}\`, list.is) as SQL,`,
        replace: 'loose: and(sql`true`, list.is) as SQL,',
      },
    ],
    tests: ['server/services/list-find.test.ts'],
  },
  {
    name: 'a job without its lock while what needs attention is renewed',
    edits: [
      {
        file: 'db/migrations/0011_attention.sql',
        search: '  PERFORM FROM replication_jobs WHERE id = of_job FOR NO KEY UPDATE;\n',
        replace: '',
      },
    ],
    tests: ['server/services/overview/attention.test.ts'],
  },
  {
    name: 'a lease without its fence',
    edits: [
      {
        file: 'server/services/leases/lease.ts',
        search: '    eq(tasks.fence, held.fence),\n',
        replace: '',
      },
    ],
    tests: ['server/services/tasks/lease.test.ts'],
  },
];
