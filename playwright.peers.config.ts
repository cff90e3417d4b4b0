// Stories that need a program of others: axe, which looks at every page, and QEMU, which boots the AMI of the tiny guest.
// Started by npm run test:peers with LANDFALL_LAB_GUEST_IMAGE empty, which is the tiny guest.
import { defineConfig } from '@playwright/test';
import stories from './playwright.config.ts';

export default defineConfig({
  ...stories,
  testDir: 'e2e/peers',
  // Playwright empties this folder when it starts; another run of stories must not take this one's away.
  outputDir: '.landfall/test-results-peers',
  // A whole Linux is copied, imported and booted under emulation.
  timeout: 900_000,
});
