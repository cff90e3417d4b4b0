// What a person says of a channel.
import { z } from 'zod';
import { KIND_IDS, NOTIFICATION_KINDS, type NotificationKindId } from './kinds.ts';
import { isZone } from './quiet-hours.ts';

const MOST_ADDRESSES = 20;
const email = z.email();

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'A time of day, such as 22:00');

export const quietHoursInput = z
  .object({
    from: clock,
    to: clock,
    zone: z.string().max(64).refine(isZone, 'A time zone, such as Europe/Berlin'),
    exceptUrgent: z.boolean(),
  })
  .refine(({ from, to }) => from !== to, { path: ['to'], error: 'Another time than the beginning' })
  .nullable();

const url = (value: string) => {
  try {
    return new URL(value);
  } catch {
    return null;
  }
};
const webAddress = z
  .string()
  .trim()
  .max(2000)
  .refine(
    (value) => ['https:', 'http:'].includes(url(value)?.protocol ?? ''),
    'An address such as https://hooks.example.com/landfall',
  )
  .refine((value) => !url(value)?.username, 'An address without a user name and password in it');

const addresses = z
  .string()
  .trim()
  .max(2000)
  .transform((value) => [...new Set(value.split(/[\s,;]+/).filter((one) => one !== ''))])
  .refine((all) => all.length > 0 && all.length <= MOST_ADDRESSES && all.every((one) => email.safeParse(one).success), {
    error: `E-mail addresses, separated by commas; at most ${MOST_ADDRESSES}`,
  })
  .transform((all) => all.join(', '));

const kinds = (allowed: readonly NotificationKindId[]) =>
  z
    .array(z.enum(KIND_IDS))
    .transform((all) => [...new Set(all)])
    .refine((all) => all.length > 0, 'At least one kind of notification')
    .refine(
      (all) => all.every((one) => allowed.includes(one)),
      'Job state changes go to programs only: a webhook, SNS or EventBridge',
    );

export const FOR_PEOPLE = KIND_IDS.filter((id) => NOTIFICATION_KINDS[id].readers === 'everybody');

const shared = {
  name: z.string().trim().min(1, 'A name').max(60, 'At most 60 characters'),
  enabled: z.boolean().default(true),
  quietHours: quietHoursInput.default(null),
};
const forPeople = { ...shared, kinds: kinds(FOR_PEOPLE) };
const forMachines = { ...shared, kinds: kinds(KIND_IDS) };
const targetId = z.string().max(60);

export const channelInput = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('email'), destination: addresses, ...forPeople }),
  z.object({ kind: z.literal('webhook'), destination: webAddress, ...forMachines }),
  z.object({ kind: z.literal('slack'), destination: webAddress, ...forPeople }),
  z.object({ kind: z.literal('teams'), destination: webAddress, ...forPeople }),
  z.object({
    kind: z.literal('sns'),
    destination: z
      .string()
      .trim()
      .regex(
        /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/,
        'The ARN of a topic: arn:aws:sns:eu-central-1:123456789012:landfall',
      ),
    targetId,
    ...forMachines,
  }),
  z.object({
    kind: z.literal('eventbridge'),
    destination: z
      .string()
      .trim()
      .regex(
        /^(arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus\/)?[\w./-]{1,256}$/,
        'The name of a bus, such as default, or its ARN',
      ),
    targetId,
    ...forMachines,
  }),
]);
export type ChannelDraft = z.output<typeof channelInput>;

const requestId = z.string().regex(/^[0-9a-f]{32}$/);

export const createChannelInput = z.intersection(z.object({ requestId }), channelInput);
export type CreateChannelInput = z.input<typeof createChannelInput>;

/** The rest is read once the channel's kind is known. */
export const updateChannelInput = z.object({
  channelId: z.string().max(60),
  version: z.number().int(),
  /** Of a webhook: sign with another secret from now on. */
  newSecret: z.boolean().default(false),
  destination: z.string().max(2000),
  targetId: z.string().max(60).optional(),
  name: z.string().max(200),
  enabled: z.boolean(),
  quietHours: quietHoursInput,
  kinds: z.array(z.string().max(60)).max(40),
});
export type UpdateChannelInput = z.input<typeof updateChannelInput>;

export const deleteChannelInput = z.object({ channelId: z.string().max(60) });
