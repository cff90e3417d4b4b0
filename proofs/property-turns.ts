// What may happen to a server before, during and to one run: random, as data, the same for the same seed.
import fc from 'fast-check';
import { folderModes } from '../lab/world/world.ts';
import { ITINERARY } from '../replication/model/itinerary.ts';

const disk = fc.integer({ min: 0, max: 2 });
/** Where in the disk, in millionths. */
const at = fc.integer({ min: 0, max: 1_000_000 });
const seed = fc.integer({ min: 0, max: 2 ** 30 }).map(String);
const length = fc.oneof(
  fc.integer({ min: 1, max: 4096 }),
  fc.integer({ min: 1, max: 1_200_000 }),
  fc.integer({ min: 1, max: 4 }).map((blocks) => blocks * 524_288),
);

/** What the guest does. `blocks`: rounded to whole blocks of 512 KiB. */
const guest = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('guest-work' as const),
      disk,
      seed,
      operations: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('write' as const), disk, at, length, seed, blocks: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('zero' as const, 'trim' as const),
      disk,
      at,
      length,
      blocks: fc.boolean(),
    }),
  },
);

/** What the administrators of the data centre do. */
const administrators = fc.oneof(
  fc.record({
    do: fc.constant('grow' as const),
    disk,
    sectors: fc.integer({ min: 1, max: 6000 }),
    reset: fc.boolean(),
  }),
  fc.record({ do: fc.constant('reset-tracking' as const), disk: fc.option(disk) }),
  fc.record({
    do: fc.constant('relocate' as const),
    disk: fc.option(disk),
    datastore: fc.constantFrom('store-a', 'store-b'),
    rename: fc.boolean(),
    reset: fc.boolean(),
  }),
  fc.record({ do: fc.constant('swap-names' as const) }),
  fc.record({ do: fc.constant('foreign-snapshot' as const), remove: fc.boolean() }),
  fc.record({
    do: fc.constant('folder-mode' as const),
    mode: fc.constantFrom(...folderModes, 'ranges' as const, 'ranges' as const),
  }),
  fc.record({
    do: fc.constant('removal' as const),
    removal: fc.constantFrom('consolidates' as const, 'consolidates' as const, 'leaves-files' as const),
  }),
  fc.record({ do: fc.constant('power' as const), on: fc.boolean() }),
);

const moved = fc.record({
  do: fc.constant('relocate' as const),
  disk: fc.option(disk),
  datastore: fc.constantFrom('store-a', 'store-b'),
  rename: fc.boolean(),
  reset: fc.constant(false),
});

const pages = fc.record({
  changedAreasPerPage: fc.constantFrom(2, 20, 20, 2000, 2000),
  changedAreasPageBytes: fc.constantFrom(0, 0, 400_000, 1_500_000, 3_000_000),
  changedAreasSeed: seed,
  changedAreasFalsePercent: fc.constantFrom(0, 0, 3, 40),
  changedAreasOfStar: fc.constantFrom('allocated' as const, 'everything' as const, 'fails' as const),
  trackingNeedsSecondStun: fc.boolean(),
});

/** What goes wrong with the run itself. */
const trouble = fc.oneof(
  { weight: 17, arbitrary: fc.constant({ kind: 'none' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      choice: fc.integer({ min: 0, max: 999 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('cancel' as const),
      step: fc.constantFrom(...ITINERARY.map(({ id }) => id)),
      afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 })),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'parent-refused' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('digests-deleted' as const), at }) },
);

const turn = fc.record({
  transfer: fc.constantFrom('s3' as const, 'ebs-direct' as const),
  transport: fc.constantFrom('auto' as const, 'auto' as const, 'nfc' as const, 'folder' as const),
  verification: fc.oneof({ weight: 6, arbitrary: fc.constant('sampled' as const) }, fc.constant('full' as const)),
  guest: fc.array(guest, { maxLength: 4 }),
  administrators: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    fc.array(administrators, { minLength: 1, maxLength: 2 }),
  ),
  during: fc.array(fc.oneof({ weight: 8, arbitrary: guest }, moved), { maxLength: 3 }),
  pages: fc.option(pages, { freq: 3 }),
  /** For so many milliseconds AWS does not know a fresh snapshot. */
  lateAws: fc.constantFrom(0, 0, 0, 60),
  trouble,
});

export type Turn = typeof turn extends fc.Arbitrary<infer T> ? T : never;
export type GuestAction = Turn['guest'][number];
export type Action = GuestAction | Turn['administrators'][number];

/** The turns of one server. */
export function randomTurns(seedOfServer: number, count: number): Turn[] {
  return fc.sample(turn, { seed: seedOfServer, numRuns: count });
}
