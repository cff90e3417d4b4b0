// next-auth's own routes, `/api/auth/*`.
import nextAuthModule from 'next-auth';
import { authOptions } from './options.ts';

const NextAuth = (nextAuthModule as unknown as { default?: typeof nextAuthModule }).default ?? nextAuthModule;

export const authHandler = NextAuth(authOptions);
