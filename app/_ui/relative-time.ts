// Times as people say them. Pure.

/** `just now`, `25 s ago`, `in 5 min`, `3 h ago`, `2 d ago`; from 30 days on the date itself. */
export function relativeTime(at: Date, now: number): string {
  const distance = at.getTime() - now;
  const seconds = Math.floor(Math.abs(distance) / 1000);
  if (seconds < 10) return distance > 0 && seconds > 0 ? 'in a moment' : 'just now';
  const text = amount(seconds);
  if (!text) return exactDate(at);
  return distance < 0 ? `${text} ago` : `in ${text}`;
}

function amount(seconds: number): string | null {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  if (seconds < 30 * 86_400) return `${Math.floor(seconds / 86_400)} d`;
  return null;
}

function exactDate(at: Date): string {
  return at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
}

/** `22 Nov 2026, 14:09:21 CET`, in the given zone or the browser's. */
export function exactTime(at: Date, timeZone?: string): string {
  return at.toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
    ...(timeZone ? { timeZone } : {}),
  });
}
