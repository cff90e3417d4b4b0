// Servers and the catalog they stand in.
import { z } from 'zod';
import { clearCatalog, importCatalog, importCatalogInput } from '../../services/catalog/import.ts';
import { listQuerySchema } from '../../services/list-page.ts';
import { catalogStatus, getServer, listServers } from '../../services/servers/list.ts';
import { procedure, router } from '../trpc.ts';

export const serversRouter = router({
  list: procedure('server.read')
    .input(listQuerySchema)
    .query(({ ctx, input }) => listServers(ctx.service, input)),
  get: procedure('server.read')
    .input(z.object({ serverId: z.string() }))
    .query(({ ctx, input }) => getServer(ctx.service, input.serverId)),
  catalog: procedure('server.read').query(({ ctx }) => catalogStatus(ctx.service)),
  importCatalog: procedure('catalog.import')
    .input(importCatalogInput)
    .mutation(({ ctx, input }) => importCatalog(ctx.service, input)),
  clearCatalog: procedure('catalog.clear').mutation(({ ctx }) => clearCatalog(ctx.service)),
});
