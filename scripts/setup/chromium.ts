// Finds the browser for the stories: the one that was named, Playwright's own, the system's; as root on Debian it may be installed.
import { existsSync } from 'node:fs';
import { chromium } from '@playwright/test';
import { aptInstall, findProgram } from './apt.ts';

/** The path of a Chromium, or undefined when none is on this machine. `CHROMIUM_PATH` names one outright. */
export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (!existsSync(named)) throw new Error(`CHROMIUM_PATH is ${named}, and there is no such file.`);
    return named;
  }
  const own = chromium.executablePath();
  if (existsSync(own)) return own;
  return findProgram(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']);
}

/** The path of a Chromium, installing it when that is possible; else the sentence that says what to do. */
export async function ensureChromium(): Promise<{ path: string } | { refusal: string }> {
  const found = findChromium();
  if (found) return { path: found };
  const why = await aptInstall(['chromium']);
  const installed = findChromium();
  if (installed) return { path: installed };
  return {
    refusal: `no Chromium on this machine, and it could not be installed (${why ?? 'apt-get installed none'}): install Chromium or Chrome, or run npx playwright install chromium, or set CHROMIUM_PATH`,
  };
}

/** Flags without which Chromium does not run as root, or talks to hosts outside. */
export function chromiumFlags(): string[] {
  const quiet = [
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  return process.getuid?.() === 0 ? ['--no-sandbox', ...quiet] : quiet;
}
