// Light, dark or as the system says: kept in a cookie, so that the first byte of a page is already right.
import { inConsole } from './sub-path.ts';

export const THEMES = ['light', 'dark', 'system'] as const;
export type Theme = (typeof THEMES)[number];

export const THEME_LABELS: Record<Theme, string> = { light: 'Light', dark: 'Dark', system: 'System default' };

export const THEME_COOKIE = 'landfall-theme';
export const DARK_CLASS = 'awsui-dark-mode';

export function asTheme(value: unknown): Theme {
  return THEMES.find((theme) => theme === value) ?? 'system';
}

/** Runs before the first paint; only the browser knows what the system says. */
export const SYSTEM_THEME_SCRIPT = `if(matchMedia('(prefers-color-scheme: dark)').matches)document.body.classList.add('${DARK_CLASS}')`;

/** Shows a theme at once and remembers it in this browser. */
export function applyTheme(theme: Theme): void {
  const dark = theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.body.classList.toggle(DARK_CLASS, dark);
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing on plain http and in Firefox
  document.cookie = `${THEME_COOKIE}=${theme}; path=${inConsole('/')}; max-age=31536000; samesite=lax`;
}
