// Channels by which the workspace is told of what happens, and a member's own.
import {
  createChannelInput,
  deleteChannelInput,
  updateChannelInput,
} from '../../services/notifications/channel-input.ts';
import { createChannel, deleteChannel, listChannels, updateChannel } from '../../services/notifications/channels.ts';
import { testChannel, testChannelInput } from '../../services/notifications/log.ts';
import {
  ownChannel,
  ownChannelInput,
  ownTestInput,
  saveOwnChannel,
  testOwnChannel,
} from '../../services/notifications/own.ts';
import { sendTestMail } from '../../services/notifications/test-mail.ts';
import { procedure, router } from '../trpc.ts';

export const notificationsRouter = router({
  channels: procedure('notification.read').query(({ ctx }) => listChannels(ctx.service)),
  /** A webhook's secret is in the answer, and nowhere afterwards. */
  create: procedure('notification.manage')
    .input(createChannelInput)
    .mutation(({ ctx, input }) => createChannel(ctx.service, input)),
  update: procedure('notification.manage')
    .input(updateChannelInput)
    .mutation(({ ctx, input }) => updateChannel(ctx.service, input)),
  delete: procedure('notification.manage')
    .input(deleteChannelInput)
    .mutation(({ ctx, input }) => deleteChannel(ctx.service, input)),
  /** One attempt now; what the receiver answered. */
  test: procedure('notification.manage')
    .input(testChannelInput)
    .mutation(({ ctx, input }) => testChannel(ctx.service, input)),
  testMail: procedure('notification.manage').mutation(({ ctx }) => sendTestMail(ctx.service)),
  own: procedure('profile.manage').query(({ ctx }) => ownChannel(ctx.service)),
  saveOwn: procedure('profile.manage')
    .input(ownChannelInput)
    .mutation(({ ctx, input }) => saveOwnChannel(ctx.service, input)),
  testOwn: procedure('profile.manage')
    .input(ownTestInput)
    .mutation(({ ctx, input }) => testOwnChannel(ctx.service, input)),
});
