// The connectors' gateway; see server/gateway/gateway.ts.
import { handleGateway } from '../../../../../server/gateway/gateway.ts';

export const dynamic = 'force-dynamic';

export async function POST(request: Request, { params }: { params: Promise<{ verb: string }> }): Promise<Response> {
  return handleGateway(request, (await params).verb);
}
