// What every story has: the lab, the two members, and an ear for what the browser complains about.
// Stories import `test` and `expect` from here, never from Playwright itself.
import { type BrowserContext, test as base, expect } from '@playwright/test';
import { Clock } from './clock.ts';
import { Lab } from './lab.ts';
import { Console } from './pages/console.ts';
import { SignInPage } from './pages/sign-in.ts';

export { expect };

export interface Member {
  email: string;
  password: string;
  name: string;
}

const fromEnvironment = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: stories are started with npx playwright test`);
  return value;
};

/** What the browser wrote as an error; a story names beforehand what belongs to it. */
class Complaints {
  readonly #heard: string[] = [];
  readonly #expected: RegExp[] = [];

  listenTo(context: BrowserContext): void {
    context.on('console', (message) => {
      // A breach of the content security policy is such an error too.
      if (message.type() === 'error') this.#heard.push(`${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => this.#heard.push(`uncaught: ${error.error().stack ?? error.error().message}`));
  }

  /** For refusals that the story asks for: the browser reports every answer from 400 on. */
  expect(pattern: RegExp): void {
    this.#expected.push(pattern);
  }

  unexpected(): string[] {
    return this.#heard.filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
  }
}

interface Story {
  lab: Lab;
  clock: Clock;
  admin: Member;
  viewer: Member;
  complaints: Complaints;
  /** Signs in through the form and is then on the overview. */
  signedIn: (member: Member) => Promise<void>;
}

export const test = base.extend<Story>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what is needed from the pattern
  lab: async ({}, use) => {
    const lab = new Lab(fromEnvironment('LANDFALL_STORIES_DATA'));
    await use(lab);
    await lab.forgetRules();
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  clock: async ({}, use) => use(new Clock(fromEnvironment('LANDFALL_STORIES_DATA'))),
  // biome-ignore lint/correctness/noEmptyPattern: as above
  admin: async ({}, use) =>
    use({
      email: 'admin@landfall.local',
      password: fromEnvironment('LANDFALL_FIRST_ADMIN_PASSWORD'),
      name: 'Administrator',
    }),
  // biome-ignore lint/correctness/noEmptyPattern: as above
  viewer: async ({}, use) =>
    use({
      email: 'viewer@landfall.local',
      password: fromEnvironment('LANDFALL_FIRST_VIEWER_PASSWORD'),
      name: 'Viewer',
    }),
  complaints: [
    async ({ context }, use) => {
      const complaints = new Complaints();
      complaints.listenTo(context);
      await use(complaints);
      expect(complaints.unexpected(), 'what the browser complained about').toEqual([]);
    },
    { auto: true },
  ],
  signedIn: async ({ page }, use) =>
    use(async (member) => {
      const signIn = new SignInPage(page);
      await signIn.open();
      await signIn.send(member);
      await expect(page).toHaveURL(/\/overview$/);
      await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
      await new Console(page).isAlive();
    }),
});
