// What EC2 takes as a tag of an instance, and which tags are Landfall's own. Pure; the launch wizard and the server read
// the same rules.

/** Set on every instance that Landfall launches, beside what the person chose. */
const OWN_TAGS: readonly string[] = ['migration:managed-by', 'landfall:run', 'landfall:purpose'];

/** EC2 takes 50 on a resource (user guide, tag restrictions); some are left for ours, for Name and for AWS's own tooling. */
export const MAX_TAGS = 40;
const MAX_KEY = 128;
const MAX_VALUE = 256;

/** Why EC2 or Landfall would not take the key; null when it is fine. Keys differ by case, the reserved prefix does not. */
export function tagKeyProblem(key: string): string | null {
  const name = key.trim();
  if (!name) return 'A tag needs a key.';
  if (name.length > MAX_KEY) return `At most ${MAX_KEY} characters.`;
  if (/^aws:/i.test(name)) return 'Keys may not begin with aws:, in upper or lower case.';
  if (OWN_TAGS.includes(name)) return 'Landfall sets this tag itself.';
  return UNPRINTABLE.test(name) ? 'A tag cannot contain control characters.' : null;
}

/** As for keys. An empty value is fine. */
export function tagValueProblem(value: string): string | null {
  if (value.length > MAX_VALUE) return `At most ${MAX_VALUE} characters.`;
  return UNPRINTABLE.test(value) ? 'A tag cannot contain control characters.' : null;
}

// What EC2's XML cannot carry: controls, and halves of characters.
const UNPRINTABLE = /\p{Cc}|\p{Cs}/u;
