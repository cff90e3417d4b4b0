// What a new password must be, after NIST SP 800-63B: long enough, not one that everybody tries, and nothing else asked of it.
import { dictionary } from '@zxcvbn-ts/language-common';
import { faultError } from '../../replication/model/fault.ts';

const MIN_PASSWORD_LENGTH = 8;
const MAX_PASSWORD_LENGTH = 512;

/** Of a person: what others know too. */
export interface KnownOfPerson {
  email: string;
  name: string;
}

/** The 49,233 passwords found most often in leaks, in lower case (zxcvbn-ts, MIT). */
let common: Set<string> | undefined;

/** Why a password may not be chosen, in a sentence for the person; null if it may. */
export function whyNotPassword(password: string, of: KnownOfPerson): string | null {
  const length = [...password].length;
  if (length < MIN_PASSWORD_LENGTH)
    return `Use at least ${MIN_PASSWORD_LENGTH} characters; a few words in a row are fine.`;
  if (password.length > MAX_PASSWORD_LENGTH) return `Use at most ${MAX_PASSWORD_LENGTH} characters.`;
  const plain = folded(password);
  if (new Set(plain).size < 3) return 'This repeats the same character. Choose something that is harder to guess.';
  const [mailbox = ''] = of.email.split('@');
  const own = [of.email, mailbox, of.name].map(folded).filter((text) => text.length > 3);
  if (own.some((text) => isHardlyMoreThan(text, plain))) {
    return 'This is your name or e-mail address, which others try first. Choose something else.';
  }
  common ??= new Set(dictionary['passwords-common']);
  if (common.has(password.toLowerCase()) || common.has(plain)) {
    return 'This is one of the most common passwords, which others try first. Choose another one.';
  }
  if (isHardlyMoreThan('landfall', plain)) return 'This is the name of the product. Choose something else.';
  return null;
}

/** @throws `password-weak`, whose message is the reason */
export function checkPassword(password: string, of: KnownOfPerson): void {
  const why = whyNotPassword(password, of);
  if (why) throw faultError('password-weak', { message: why });
}

/** Lower case, without the spaces, points and dashes that are put in first. */
const folded = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s._-]/g, '');

/** The text itself, or with up to three more characters, such as a year's or an exclamation mark. */
const isHardlyMoreThan = (text: string, password: string) =>
  password.includes(text) && password.length - text.length <= 3;
