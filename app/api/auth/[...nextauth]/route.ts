import { authHandler } from '../../../../server/auth/next-auth.ts';

export { authHandler as GET, authHandler as POST };
