// A page of changed areas, as QueryChangedDiskAreas tells them: extents of whole grains, cut at the page's ends, with the
// oddities that a test may ask for. Pure.
import { GRAIN } from './grain-map.ts';

/** The first grain at or after this one that belongs to the areas; -1 when there is none. */
export type NextGrain = (from: number) => number;

export interface AreaSettings {
  /** Extents in a page at most. */
  perPage: number;
  /** Bytes of the disk that a page describes at most, changed or not; 0 is no limit. A small one makes pages short, and empty ones. */
  pageBytes: number;
  /** With a seed the pages' lengths vary between a grain and `pageBytes`. */
  seed: string;
}

export interface AreaPage {
  /** Bytes from the page's start that it describes. */
  length: number;
  areas: { start: number; length: number }[];
}

/** @param startOffset bytes, below `capacity`; need not lie on a grain. */
export function pageOfAreas(next: NextGrain, capacity: number, startOffset: number, settings: AreaSettings): AreaPage {
  let end = Math.min(capacity, startOffset + spanOf(startOffset, settings));
  const areas: AreaPage['areas'] = [];
  let grain = next(Math.floor(startOffset / GRAIN));
  while (grain >= 0 && grain * GRAIN < end) {
    if (areas.length === settings.perPage) {
      // Everything behind the last area is left to the next page.
      const last = areas.at(-1)!;
      end = last.start + last.length;
      break;
    }
    let after = grain + 1;
    let following = next(after);
    while (following === after && after * GRAIN < end) {
      after += 1;
      following = next(after);
    }
    const start = Math.max(startOffset, grain * GRAIN);
    areas.push({ start, length: Math.min(end, after * GRAIN) - start });
    grain = following;
  }
  return { length: end - startOffset, areas };
}

/** Adds grains that nobody changed: about this many in a hundred, the same ones for the same seed. */
export function withFalsePositives(next: NextGrain, grains: number, percent: number, seed: string): NextGrain {
  if (percent <= 0) return next;
  return (from) => {
    const real = next(from);
    const end = real < 0 ? grains : real;
    for (let grain = from; grain < end; grain += 1) if (mixed(seed, grain) % 100 < percent) return grain;
    return real;
  };
}

/** Steps through ascending grains. */
export function steps(grains: Uint32Array): NextGrain {
  return (from) => {
    let [low, high] = [0, grains.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (grains[middle]! < from) low = middle + 1;
      else high = middle;
    }
    return grains[low] ?? -1;
  };
}

function spanOf(startOffset: number, { pageBytes, seed }: AreaSettings): number {
  if (pageBytes <= 0) return Number.MAX_SAFE_INTEGER;
  if (seed === '') return pageBytes;
  const grains = Math.max(1, Math.floor(pageBytes / GRAIN));
  return (1 + (mixed(seed, startOffset) % grains)) * GRAIN;
}

/** 32 bits that look random (FNV-1a over the text, then a final mix). */
function mixed(seed: string, number: number): number {
  let hash = 0x811c9dc5;
  for (const character of `${seed} ${number}`) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
