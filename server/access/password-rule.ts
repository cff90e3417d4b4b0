// What a new password must be, after NIST SP 800-63B: long enough, not one that everybody tries, and nothing else asked of it.
import { dictionary } from '@zxcvbn-ts/language-common';
import { faultError } from '../../replication/model/fault.ts';

/** Of a password that is the only thing a person shows (SP 800-63B-4, 3.1.1.2; eight do beside a second factor). */
const MIN_PASSWORD_LENGTH = 15;
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
  if (password.length > MAX_PASSWORD_LENGTH) return `Use at most ${MAX_PASSWORD_LENGTH} characters.`;
  const plain = folded(password);
  common ??= new Set(dictionary['passwords-common']);
  if (common.has(password.toLowerCase()) || common.has(plain)) {
    return 'This is one of the most common passwords, which others try first. Choose another one.';
  }
  const [mailbox = ''] = of.email.split('@');
  const own = [of.email, mailbox, of.name].map(folded).filter((text) => text.length > 3);
  if (own.some((text) => isHardlyMoreThan(text, plain))) {
    return 'This is your name or e-mail address, which others try first. Choose something else.';
  }
  if (isHardlyMoreThan('landfall', plain)) return 'This is the name of the product. Choose something else.';
  if ([...password].length < MIN_PASSWORD_LENGTH)
    return `Use at least ${MIN_PASSWORD_LENGTH} characters; a few words in a row are fine.`;
  if (new Set(plain).size < 3) return 'This repeats the same character. Choose something that is harder to guess.';
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
