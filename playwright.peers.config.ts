// Stories that need a program of others: axe, which looks at every page, QEMU, which boots the AMI of the tiny guest, and a provider
// of single sign-on.
// Started by npm run test:peers with LANDFALL_LAB_GUEST_IMAGE empty, which is the tiny guest.
import { defineConfig } from '@playwright/test';
import stories from './playwright.config.ts';
import { freePort } from './scripts/run/ports.ts';

// The provider of e2e/peers/sso.spec.ts is to be found there while that story runs.
Object.assign(process.env, {
  LANDFALL_OIDC_ISSUER: process.env.LANDFALL_OIDC_ISSUER ?? `http://127.0.0.1:${await freePort()}`,
  LANDFALL_OIDC_CLIENT_ID: 'landfall',
  LANDFALL_OIDC_CLIENT_SECRET: 'the secret of the client',
  LANDFALL_OIDC_NAME: 'Test provider',
  LANDFALL_OIDC_SCOPES: 'openid profile email groups',
});

export default defineConfig({
  ...stories,
  testDir: 'e2e/peers',
  // Playwright empties this folder when it starts; another run of stories must not take this one's away.
  outputDir: '.landfall/test-results-peers',
  // A whole Linux is copied, imported and booted under emulation.
  timeout: 900_000,
});
