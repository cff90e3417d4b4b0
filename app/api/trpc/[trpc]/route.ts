import { handleTrpc } from '../../../../server/api/handle.ts';

export { handleTrpc as GET, handleTrpc as POST };
