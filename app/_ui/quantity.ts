// How figures are written everywhere in the console. What is not known is a dash, never a zero.

export const UNKNOWN = '–';

type Maybe = number | null | undefined;

const known = (value: Maybe): value is number => typeof value === 'number' && Number.isFinite(value);

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** 1536 → `1.5 KiB`. One decimal below 100, none above and none for a round number. */
export function formatBytes(bytes: Maybe): string {
  if (!known(bytes) || bytes < 0) return UNKNOWN;
  let value = bytes;
  let unit = 0;
  // 1023.95 would be written as 1024.
  while (value >= 1023.95 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : short(value)} ${BYTE_UNITS[unit]}`;
}

/** Bytes per second → `12.3 MiB/s`; never above MiB, so that rates can be compared. */
export function formatRate(bytesPerSecond: Maybe): string {
  if (!known(bytesPerSecond) || bytesPerSecond < 0) return UNKNOWN;
  if (bytesPerSecond < 1024 * 1024 * 0.1) return `${formatBytes(bytesPerSecond)}/s`;
  return `${short(bytesPerSecond / 1024 / 1024)} MiB/s`;
}

/** Milliseconds → `45 s`, `3 min 20 s`, `2 h 14 min`, `3 d 4 h`: the two largest units. */
export function formatDuration(milliseconds: Maybe): string {
  if (!known(milliseconds) || milliseconds < 0) return UNKNOWN;
  if (milliseconds < 1000) return 'under 1 s';
  const seconds = Math.floor(milliseconds / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  // Seconds beside hours would only flicker.
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** 0–100 → `43 %`; rounded down, so that it says 100 only when it is. */
export function formatPercent(percent: Maybe): string {
  if (!known(percent)) return UNKNOWN;
  return `${Math.floor(Math.min(100, Math.max(0, percent)))} %`;
}

/** 12345 → `12,345`. */
export function formatCount(count: Maybe): string {
  return known(count) ? count.toLocaleString('en-US', { maximumFractionDigits: 0 }) : UNKNOWN;
}

/** `1 server`, `3 servers`. */
export function formatNumberOf(count: Maybe, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** MiB of memory → `4 GiB`. */
export function formatMemory(mebibytes: Maybe): string {
  return known(mebibytes) ? formatBytes(mebibytes * 1024 * 1024) : UNKNOWN;
}

/** What is left at this rate, in milliseconds; null while it cannot be told. */
export function timeLeft(remainingBytes: Maybe, bytesPerSecond: Maybe): number | null {
  if (!known(remainingBytes) || !known(bytesPerSecond) || bytesPerSecond <= 0) return null;
  return (Math.max(0, remainingBytes) / bytesPerSecond) * 1000;
}

/** The text, or a dash when there is none. */
export function orUnknown(text: string | null | undefined): string {
  return text?.trim() ? text : UNKNOWN;
}

function short(value: number): string {
  const digits = value >= 99.95 ? 0 : 1;
  return value.toFixed(digits).replace(/\.0$/, '');
}
