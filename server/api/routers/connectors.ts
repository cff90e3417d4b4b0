// Connectors: list, details, enrolment, health, disassociation.
import { z } from 'zod';
import { checkConnectorNow, connectorInput, disassociateConnector } from '../../services/connectors/disassociate.ts';
import { createEnrolmentCode, enrolmentResult } from '../../services/connectors/enrol.ts';
import { getConnector, listConnectors } from '../../services/connectors/list.ts';
import { listQuerySchema } from '../../services/list-page.ts';
import { memberProcedure, router } from '../trpc.ts';

export const connectorsRouter = router({
  list: memberProcedure.input(listQuerySchema).query(({ ctx, input }) => listConnectors(ctx.service, input)),
  get: memberProcedure.input(connectorInput).query(({ ctx, input }) => getConnector(ctx.service, input.connectorId)),
  createCode: memberProcedure.mutation(({ ctx }) => createEnrolmentCode(ctx.service)),
  codeResult: memberProcedure
    .input(z.object({ codeId: z.string() }))
    .query(({ ctx, input }) => enrolmentResult(ctx.service, input.codeId)),
  checkNow: memberProcedure.input(connectorInput).mutation(({ ctx, input }) => checkConnectorNow(ctx.service, input)),
  disassociate: memberProcedure
    .input(connectorInput)
    .mutation(({ ctx, input }) => disassociateConnector(ctx.service, input)),
});
