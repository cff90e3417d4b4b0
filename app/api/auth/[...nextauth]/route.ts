import { authHandler } from '../../../../server/auth/handler.ts';

export { authHandler as GET, authHandler as POST };
