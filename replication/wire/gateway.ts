// What a connector and the console say to each other, version 1. JSON over POST /api/connector/v1/<verb>;
// every verb but `enrol` with `Authorization: Bearer <connectorId>.<secret>`.
import { z } from 'zod';
import { artifactKindSchema, artifactSchema, artifactStateSchema } from '../model/artifact.ts';
import { baselineSchema, transferPathSchema } from '../model/baseline.ts';
import { faultSchema } from '../model/fault.ts';
import { foreignString, MOST } from '../model/foreign-text.ts';
import { CONNECTOR_STEPS } from '../model/itinerary.ts';
import { OUTAGE_SECONDS } from '../model/outage.ts';
import { powerActionSchema } from '../model/power.ts';
import { catalogServerSchema } from '../model/server.ts';
import { stepProgressSchema } from '../model/step-results.ts';
import { targetEndpointsSchema } from '../model/target.ts';

/** Lines of the log that one extension carries, and that the settling does. */
export const MOST_LINES = 200;
export const MOST_LAST_LINES = 1000;

const vmManagerSchema = z.object({
  type: z.enum(['vsphere']),
  url: foreignString(MOST.path),
  name: foreignString(MOST.name),
  id: foreignString(MOST.id),
  version: foreignString(MOST.name),
});

export const checkSchema = z.object({
  id: z.string(),
  label: foreignString(MOST.name),
  ok: z.boolean(),
  detail: foreignString(),
  level: z.enum(['required', 'advice']),
});
export type Check = z.infer<typeof checkSchema>;

/** Where a run goes. A place that has a revision never changes. */
const stepTargetSchema = z.object({
  id: z.string(),
  revision: z.number().int(),
  region: z.string(),
  bucket: z.string(),
  /** Whatever is staged, of all runs, lies under it. */
  prefix: z.string(),
  endpoints: targetEndpointsSchema,
  /** Whose key the connector uses there: one of its own, or what `lend` gives it. */
  signIn: z.enum(['own', 'lent']).default('own'),
});
export type StepTarget = z.infer<typeof stepTargetSchema>;

/** What every step needs to know of its run. */
const stepInputSchema = z.object({
  runId: z.string(),
  jobId: z.string(),
  workspaceId: z.string(),
  vmId: z.string(),
  serverName: z.string(),
  stepId: z.enum(CONNECTOR_STEPS),
  /** Results of the steps before, by step id (model/step-results.ts). */
  results: z.record(z.string(), z.unknown()),
  /** Consoles of before it was theirs to say leave it to the connector's own settings. */
  target: stepTargetSchema.optional(),
  tags: z.record(z.string(), z.string()).default({}),
  staging: z.object({ bucket: z.string(), prefix: z.string() }),
  /** Where the digest sets of this run go; ends with a slash. */
  digestPrefix: z.string(),
  transfer: transferPathSchema,
  transport: z.enum(['auto', 'nfc', 'folder', 'nbd']),
  baselines: z.array(baselineSchema),
  /** Per disk: why its baseline no longer counts. */
  revoked: z.record(z.string(), z.string()),
  /** How long the step waits for a site that is away. */
  outageSeconds: z.number().positive().default(OUTAGE_SECONDS),
});

const logLineSchema = z.object({
  at: z.iso.datetime(),
  level: z.enum(['debug', 'info', 'warning', 'error']),
  text: foreignString(),
});
export type LogLine = z.infer<typeof logLineSchema>;

export const taskSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('step'),
    id: z.string(),
    fence: z.number().int(),
    leaseSeconds: z.number(),
    attempt: z.number().int(),
    input: stepInputSchema,
    /** Artifacts of this run that the connector's side made, of this and earlier fences. */
    artifacts: z.array(artifactSchema),
    checkpoint: z.unknown(),
  }),
  z.object({ kind: z.literal('import-catalog'), id: z.string(), fence: z.number().int(), leaseSeconds: z.number() }),
  z.object({
    kind: z.literal('release-artifacts'),
    id: z.string(),
    fence: z.number().int(),
    leaseSeconds: z.number(),
    artifacts: z.array(artifactSchema),
  }),
  /** Switches a server for a cutover; settled with a PowerResult (model/power.ts). */
  z.object({
    kind: z.literal('power'),
    id: z.string(),
    fence: z.number().int(),
    leaseSeconds: z.number(),
    vmId: z.string(),
    serverName: z.string(),
    action: powerActionSchema,
    /** Seconds within which the server has to be as asked. */
    deadlineSeconds: z.number().positive(),
  }),
]);
export type Task = z.infer<typeof taskSchema>;

/** What a holder is about to make outside the console's database. */
const declarationSchema = z.object({
  kind: artifactKindSchema,
  /** The same token never makes a second row. */
  token: z.string(),
  diskId: z.string().nullable(),
  details: z.record(z.string(), z.string()),
});
export type Declaration = z.infer<typeof declarationSchema>;

/** What became of it: made, with the name that the other side gave it, or gone. */
const confirmationSchema = z.object({
  artifactId: z.string(),
  state: artifactStateSchema,
  externalId: z.string().nullable(),
  /** Added to what is known of it. */
  details: z.record(z.string(), z.string()).optional(),
  /** Why it could not be released; its state stays as it was. */
  fault: faultSchema.optional(),
});
export type Confirmation = z.infer<typeof confirmationSchema>;

const held = { taskId: z.string(), fence: z.number().int() };

/** Request and response of every verb. Errors are `{ fault }` with status 4xx or 5xx; 409 `lease-lost` means: stop, write nothing more. */
export const gatewayVerbs = {
  enrol: {
    request: z.object({
      code: z.string(),
      name: z.string().max(120),
      version: z.string(),
      host: z.string(),
      addresses: z.array(z.string()),
      vmManager: vmManagerSchema,
    }),
    response: z.object({ connectorId: z.string(), token: z.string() }),
  },
  /** A process of the connector begins: leases of its earlier processes end at once. */
  hello: {
    request: z.object({
      version: z.string(),
      host: z.string(),
      addresses: z.array(z.string()),
      vmManager: vmManagerSchema.nullable(),
      /** Takes over only when no other process of this connector was heard of lately; else `connector-superseded`. */
      standBy: z.boolean().default(false),
    }),
    response: z.object({
      session: z.number().int(),
      serverTime: z.iso.datetime(),
      healthEverySeconds: z.number(),
      leaseSeconds: z.number(),
    }),
  },
  /** Long poll: waits up to `waitSeconds` (≤ 25) for work. */
  claim: {
    request: z.object({
      session: z.number().int(),
      free: z.number().int().min(0).max(50),
      waitSeconds: z.number().min(0).max(25),
      /** Whether it knows the verb `lend`: others get no work at targets that lend. */
      borrows: z.boolean().default(false),
    }),
    response: z.object({
      tasks: z.array(taskSchema),
      checkNow: z.boolean(),
      /** What the connector may send in all; null: as much as there is. */
      bytesPerSecond: z.number().positive().nullable(),
    }),
  },
  extend: {
    request: z.object({
      ...held,
      progress: stepProgressSchema.optional(),
      /** What the work waits for just now; null when it goes on again. */
      waitingFor: foreignString().nullable().optional(),
      /** What the holder says in the log of its run, or of its cutover, since it was heard last. */
      lines: z.array(logLineSchema).max(MOST_LINES).default([]),
    }),
    response: z.object({
      go: z.boolean(),
      reason: z.string().nullable(),
      leaseSeconds: z.number(),
      bytesPerSecond: z.number().positive().nullable(),
    }),
  },
  /** Rows for things that are about to be made; the answer has their ids in the same order. */
  declare: {
    request: z.object({ ...held, artifacts: z.array(declarationSchema).min(1).max(100) }),
    response: z.object({ artifactIds: z.array(z.string()) }),
  },
  confirm: {
    request: z.object({ ...held, artifacts: z.array(confirmationSchema).min(1).max(100) }),
    response: z.object({}),
  },
  /** Credentials for AWS that reach what the run of this task needs, and nothing else; asked for again before they end. */
  lend: {
    request: z.object(held),
    response: z.object({
      accessKeyId: z.string(),
      secretAccessKey: z.string(),
      sessionToken: z.string(),
      /** How long they last from now on. */
      seconds: z.number().positive(),
    }),
  },
  checkpoint: { request: z.object({ ...held, checkpoint: z.unknown() }), response: z.object({}) },
  /** A page of the server catalog; `last` ends the import: servers not seen in it are marked gone. */
  catalog: {
    request: z.object({ ...held, servers: z.array(catalogServerSchema).max(500), last: z.boolean() }),
    response: z.object({}),
  },
  settle: {
    request: z.object({
      ...held,
      outcome: z.discriminatedUnion('ok', [
        z.object({ ok: z.literal(true), result: z.unknown() }),
        z.object({ ok: z.literal(false), fault: faultSchema }),
      ]),
      /** What the holder has to say and did not with an extension. */
      lines: z.array(logLineSchema).max(MOST_LAST_LINES).default([]),
      /** What became of artifacts at the very end of the work. */
      confirmed: z.array(confirmationSchema).max(100).default([]),
    }),
    response: z.object({}),
  },
  /** A process that stops and whose work has come to rest: the work is free at once, and counts as no loss. */
  'give-back': { request: z.object(held), response: z.object({}) },
  'report-health': {
    request: z.object({ session: z.number().int(), checks: z.array(checkSchema), rateBytesPerSecond: z.number() }),
    response: z.object({}),
  },
} as const;

export type GatewayVerb = keyof typeof gatewayVerbs;
export type GatewayRequest<V extends GatewayVerb> = z.infer<(typeof gatewayVerbs)[V]['request']>;
export type GatewayResponse<V extends GatewayVerb> = z.infer<(typeof gatewayVerbs)[V]['response']>;
