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
import { procedure, router } from '../trpc.ts';

export const connectorsRouter = router({
  list: procedure('connector.read')
    .input(listQuerySchema)
    .query(({ ctx, input }) => listConnectors(ctx.service, input)),
  get: procedure('connector.read')
    .input(connectorInput)
    .query(({ ctx, input }) => getConnector(ctx.service, input.connectorId)),
  /** The code, shown once, with what else the connector must be told. */
  createCode: procedure('connector.enrol').mutation(async ({ ctx }) => ({
    ...(await createEnrolmentCode(ctx.service)),
    consoleUrl: publicUrl(),
    target: await connectorTarget(ctx.service),
  })),
  codeResult: procedure('connector.enrol')
    .input(z.object({ codeId: z.string() }))
    .query(({ ctx, input }) => enrolmentResult(ctx.service, input.codeId)),
  checkNow: procedure('catalog.import')
    .input(connectorInput)
    .mutation(({ ctx, input }) => checkConnectorNow(ctx.service, input)),
  edit: procedure('connector.edit')
    .input(editConnectorInput)
    .mutation(({ ctx, input }) => editConnector(ctx.service, input)),
  disassociate: procedure('connector.disassociate')
    .input(disassociateInput)
    .mutation(({ ctx, input }) => disassociateConnector(ctx.service, input)),
});
