// The tables of a VMDK whose directory stands in front, looked at for one thing: whether they say that the disk is empty.
// Only this folder imports it.
import { SECTOR_BYTES } from '../../block.ts';
import type { ByteFeed } from '../byte-feed.ts';
import { DIRECTORY_AT_END, ENTRIES_PER_TABLE, GRAIN_SECTORS, paddedLength, type VmdkHeader } from './layout.ts';

const TABLE_SECTORS = (ENTRIES_PER_TABLE * 4) / SECTOR_BYTES;
/** What a table covers, in sectors of the disk. */
const TABLE_SPAN_SECTORS = ENTRIES_PER_TABLE * GRAIN_SECTORS;
/** 64 TiB; behind it there is no disk, and the directory would be held in memory for nothing. */
const MOST_TABLES = 2 ** 21;

/**
 * Reads what lies between header and records. True when a directory there names, one behind the other, as many tables
 * as the disk has, and no table has a grain: then nothing is missing where the stream ends behind them. qemu-img
 * leaves out the end marker of such a disk. Tables that are zeros themselves, or are not where they should be, say nothing.
 */
export async function frontTablesSayEmpty(feed: ByteFeed, header: VmdkHeader): Promise<boolean> {
  const end = Number(header.overheadSectors);
  let at = 1;
  const skipTo = async (sector: number) => {
    await feed.skip((sector - at) * SECTOR_BYTES);
    at = sector;
  };
  const isEmpty = await (async () => {
    const { directorySector, capacitySectors, entriesPerTable } = header;
    if (directorySector === DIRECTORY_AT_END || entriesPerTable !== ENTRIES_PER_TABLE) return false;
    const tables = Math.ceil(Number(capacitySectors) / TABLE_SPAN_SECTORS);
    const directorySectors = paddedLength(tables * 4) / SECTOR_BYTES;
    const tablesFrom = Number(directorySector) + directorySectors;
    if (directorySector < 1n || tables < 1 || tables > MOST_TABLES) return false;
    if (tablesFrom + tables * TABLE_SECTORS > end) return false;
    await skipTo(Number(directorySector));
    const directory = await feed.take(directorySectors * SECTOR_BYTES);
    at = tablesFrom;
    for (let table = 0; table < tables; table += 1) {
      if (directory.readUInt32LE(table * 4) !== tablesFrom + table * TABLE_SECTORS) return false;
    }
    for (let table = 0; table < tables; table += 1) {
      const entries = await feed.take(TABLE_SECTORS * SECTOR_BYTES);
      at += TABLE_SECTORS;
      if (entries.some((byte) => byte !== 0)) return false;
    }
    return true;
  })();
  await skipTo(end);
  return isEmpty;
}
