// How people sign in here, for the sign-in page.
import { ssoSettings } from '../access/sso-settings.ts';

export interface SignInWays {
  /** The provider of single sign-on, as its button says it. */
  sso: { name: string } | null;
  /** A password lets in the break-glass account only. */
  only: boolean;
}

export function signInWays(): SignInWays {
  const sso = ssoSettings();
  return { sso: sso && { name: sso.name }, only: sso?.only ?? false };
}
