// Connectors: list, details, enrolment, health, disassociation.
import { z } from 'zod';
import { publicUrl } from '../../public-url.ts';
import {
  checkConnectorNow,
  connectorInput,
  disassociateConnector,
  disassociateInput,
} from '../../services/connectors/disassociate.ts';
import { editConnector, editConnectorInput } from '../../services/connectors/edit.ts';
import { connectorTarget, createEnrolmentCode, enrolmentResult } from '../../services/connectors/enrol.ts';
import { getConnector, listConnectors } from '../../services/connectors/list.ts';
import { listQuerySchema } from '../../services/list-page.ts';
import { memberProcedure, router } from '../trpc.ts';

export const connectorsRouter = router({
  list: memberProcedure.input(listQuerySchema).query(({ ctx, input }) => listConnectors(ctx.service, input)),
  get: memberProcedure.input(connectorInput).query(({ ctx, input }) => getConnector(ctx.service, input.connectorId)),
  /** The code, shown once, with what else the connector must be told. */
  createCode: memberProcedure.mutation(async ({ ctx }) => ({
    ...(await createEnrolmentCode(ctx.service)),
    consoleUrl: publicUrl(),
    target: await connectorTarget(ctx.service),
  })),
  codeResult: memberProcedure
    .input(z.object({ codeId: z.string() }))
    .query(({ ctx, input }) => enrolmentResult(ctx.service, input.codeId)),
  checkNow: memberProcedure.input(connectorInput).mutation(({ ctx, input }) => checkConnectorNow(ctx.service, input)),
  edit: memberProcedure.input(editConnectorInput).mutation(({ ctx, input }) => editConnector(ctx.service, input)),
  disassociate: memberProcedure
    .input(disassociateInput)
    .mutation(({ ctx, input }) => disassociateConnector(ctx.service, input)),
});
