// Servers and the catalog they stand in.
import { z } from 'zod';
import { clearCatalog, importCatalog, importCatalogInput } from '../../services/catalog/import.ts';
import { listQuerySchema } from '../../services/list-page.ts';
import { catalogStatus, getServer, listServers } from '../../services/servers/list.ts';
import { memberProcedure, router } from '../trpc.ts';

export const serversRouter = router({
  list: memberProcedure.input(listQuerySchema).query(({ ctx, input }) => listServers(ctx.service, input)),
  get: memberProcedure
    .input(z.object({ serverId: z.string() }))
    .query(({ ctx, input }) => getServer(ctx.service, input.serverId)),
  catalog: memberProcedure.query(({ ctx }) => catalogStatus(ctx.service)),
  importCatalog: memberProcedure
    .input(importCatalogInput)
    .mutation(({ ctx, input }) => importCatalog(ctx.service, input)),
  clearCatalog: memberProcedure.mutation(({ ctx }) => clearCatalog(ctx.service)),
});
