// Every noun of the API, one router each.
import { accessKeysRouter } from './routers/access-keys.ts';
import { activityRouter } from './routers/activity.ts';
import { attentionRouter } from './routers/attention.ts';
import { connectorsRouter } from './routers/connectors.ts';
import { cutoversRouter } from './routers/cutovers.ts';
import { deliveriesRouter } from './routers/deliveries.ts';
import { eventsRouter } from './routers/events.ts';
import { imagesRouter } from './routers/images.ts';
import { instancesRouter } from './routers/instances.ts';
import { jobsRouter } from './routers/jobs.ts';
import { limitsRouter } from './routers/limits.ts';
import { linksRouter } from './routers/links.ts';
import { membersRouter } from './routers/members.ts';
import { notificationsRouter } from './routers/notifications.ts';
import { overviewRouter } from './routers/overview.ts';
import { runsRouter } from './routers/runs.ts';
import { searchRouter } from './routers/search.ts';
import { serversRouter } from './routers/servers.ts';
import { sessionRouter } from './routers/session.ts';
import { ssoRouter } from './routers/sso.ts';
import { targetsRouter } from './routers/targets.ts';
import { totpRouter } from './routers/totp.ts';
import { viewsRouter } from './routers/views.ts';
import { router } from './trpc.ts';

export const appRouter = router({
  accessKeys: accessKeysRouter,
  activity: activityRouter,
  attention: attentionRouter,
  connectors: connectorsRouter,
  cutovers: cutoversRouter,
  deliveries: deliveriesRouter,
  events: eventsRouter,
  images: imagesRouter,
  instances: instancesRouter,
  jobs: jobsRouter,
  limits: limitsRouter,
  links: linksRouter,
  members: membersRouter,
  notifications: notificationsRouter,
  overview: overviewRouter,
  runs: runsRouter,
  search: searchRouter,
  servers: serversRouter,
  session: sessionRouter,
  sso: ssoRouter,
  targets: targetsRouter,
  totp: totpRouter,
  views: viewsRouter,
});

export type AppRouter = typeof appRouter;
