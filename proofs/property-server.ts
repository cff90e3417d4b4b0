// One server's life in a property run: turn after turn something happens to it, a run is started, disturbed or not, and
// compared with the frozen source.
import { setTimeout as delay } from 'node:timers/promises';
import { asc, eq } from 'drizzle-orm';
import { expect } from 'vitest';
import { runLog, servers } from '../db/schema/index.ts';
import type { Vm } from '../lab/world/world.ts';
import { FaultError } from '../replication/model/fault.ts';
import { effectiveImageMethod } from '../replication/model/job.ts';
import { createJobs } from '../server/services/jobs/create.ts';
import { startRun } from '../server/services/jobs/start-run.ts';
import { cancelRun } from '../server/services/runs/cancel.ts';
import { expectSameBytes } from './comparisons.ts';
import type { Installation } from './installation.ts';
import { Expectations } from './property-expectations.ts';
import { Guest, type nothing } from './property-guest.ts';
import type { Run, RunWatch } from './property-runs.ts';
import type { SharedSettings } from './property-settings.ts';
import type { Tally } from './property-tally.ts';
import { type Aimed, aimFault, type FaultName, faultsOf } from './property-troubles.ts';
import type { Turn } from './property-turns.ts';
import { tracksChanges } from './property-world.ts';

const RUN_SECONDS = 400;

export interface LifeOptions {
  site: Installation;
  watch: RunWatch;
  shared: SharedSettings;
  tally: Tally;
  vm: Vm;
  /** Every third server keeps two AMIs, every fourth goes through VM Import. */
  index: number;
}

export class ServerLife {
  readonly #options: LifeOptions;
  readonly #guest: Guest;
  readonly #expected: Expectations;
  #jobId = '';
  #faults = 0;
  #vmImport = false;
  #run: Run | null = null;

  constructor(options: LifeOptions) {
    this.#options = options;
    this.#guest = new Guest(options.site, options.vm);
    this.#expected = new Expectations(options.vm);
  }

  /** Lives the turns while `goOn` says so; fails with everything that is known about the run that went wrong. */
  async live(turns: readonly Turn[], goOn: () => boolean): Promise<void> {
    await this.#createJob();
    for (const [number, turn] of turns.entries()) {
      if (!goOn()) return;
      try {
        await this.#turn(turn, number === 0);
      } catch (error) {
        const story = turns.slice(0, number + 1).map((one, at) => `  ${at}: ${JSON.stringify(one)}`);
        throw new Error(
          `${this.#options.vm.name}, turn ${number}: ${(error as Error).message}\n${await this.#told()}\n` +
            `${JSON.stringify(this.#options.vm)}\n${story.slice(-4).join('\n')}`,
          { cause: error },
        );
      }
    }
  }

  async #createJob(): Promise<void> {
    const { site, vm, index } = this.#options;
    const [server] = await site.db.select().from(servers).where(eq(servers.name, vm.name));
    if (!server) throw new Error(`${vm.name} is not in the catalog`);
    const linux = server.guestFamily === 'linux';
    const imageMethod = linux && index % 4 === 1 ? 'import-image' : 'auto';
    this.#vmImport = effectiveImageMethod(imageMethod, server.guestFamily) === 'import-image';
    const { jobIds } = await createJobs(site.ctx, {
      servers: [{ serverId: server.id, imageMethod }],
      settings: {
        everyHours: null,
        // Never by itself while this goes on: every run is started by a turn.
        seedAt: new Date(Date.now() + 86_400_000),
        description: '',
        pauseAfterFailures: null,
        keepImages: index % 3 === 0 ? 2 : null,
      },
    });
    this.#jobId = jobIds[0] as string;
  }

  async #turn(turn: Turn, isFirst: boolean): Promise<void> {
    const { site, watch, shared, tally, vm } = this.#options;
    const trouble = isFirst ? this.#firstTrouble() : turn.trouble;
    for (const action of [...turn.administrators, ...turn.guest]) {
      await this.#guest.act(action);
      tally.add('before a run', action.do);
    }
    if (turn.pages) await site.control('/vcenter/settings', turn.pages);
    if (trouble.kind === 'digests-deleted') await this.#deleteDigests(trouble.at);
    const refused = trouble.kind === 'parent-refused' ? this.#expected.parents : [];
    const at = { vmId: vm.id, jobId: this.#jobId, serverName: vm.name };
    const choice = trouble.kind === 'fault' ? trouble.choice : 0;
    const faultName = trouble.kind === 'fault' ? this.#faultFor(turn, isFirst) : null;
    const fault: Aimed | null = faultName ? await aimFault(site, faultName, choice >> 4, at) : null;
    const before = this.#guest.takeHappened();
    this.#run = null;
    const { runId } = await shared.withSettings(turn, refused, () => startRun(site.ctx, { jobId: this.#jobId }));
    const during = (async () => {
      if (turn.during.length === 0) return;
      await watch.reached(runId, 'find-changes', RUN_SECONDS);
      for (const action of turn.during) {
        await this.#guest.act(action);
        tally.add('during a run', action.do);
      }
    })();
    const cancelled = trouble.kind === 'cancel' ? this.#cancel(runId, trouble.step, trouble.afterMs) : null;
    const [run] = await Promise.all([watch.ended(runId, RUN_SECONDS), during, cancelled]);
    this.#run = run;
    await shared.accept(refused);
    const faultHit = (await fault?.end()) ?? false;
    if (faultName) tally.add(faultHit ? `fault, run ${run.state}` : 'fault that met no request', faultName);
    await this.#judge(run, turn, before, { faultHit, parentsRefused: refused.length > 0 }, cancelled !== null);
  }

  /** At first little disturbs: the turns after it are to have a baseline. But some things happen in a first run only. */
  #firstTrouble(): Turn['trouble'] {
    const { index } = this.#options;
    return index % 2 === 0 ? { kind: 'none' } : { kind: 'fault', choice: index };
  }

  /** Another one at every turn, of those that this run can meet. */
  #faultFor(turn: Turn, first: boolean): FaultName {
    const about = {
      transfer: turn.transfer,
      first,
      tracked: tracksChanges(this.#options.vm) && !this.#guest.foreignEver,
      vmImport: this.#vmImport,
      ranges: turn.transport !== 'nfc',
    };
    const fitting = faultsOf(about);
    // By turns and not by chance, so that every kind comes about as often.
    const turnOf = this.#options.index * 5 + this.#faults;
    this.#faults += 1;
    return fitting[turnOf % fitting.length] as FaultName;
  }

  async #judge(
    run: Run,
    turn: Turn,
    before: ReturnType<typeof nothing>,
    disturbed: { faultHit: boolean; parentsRefused: boolean },
    mayBeCancelled: boolean,
  ): Promise<void> {
    const { site, tally, vm } = this.#options;
    const allowed = ['completed', ...(disturbed.faultHit ? ['failed'] : []), ...(mayBeCancelled ? ['cancelled'] : [])];
    // Found in this run or in a later one: only what a copy compares with is read before the read-back.
    const digestsLost = run.fault?.code === 'digests-lost' && this.#expected.digestsDoubtful;
    if (!allowed.includes(run.state) && !digestsLost)
      throw new Error(`the run is ${run.state}: ${JSON.stringify(run.fault)}`);
    this.#expected.runEnded(run, before, this.#guest.takeHappened(), disturbed);
    tally.add('runs', run.state);
    if (run.state === 'failed') tally.add('failed with', run.fault?.code ?? '');
    if (mayBeCancelled) tally.add('cancelled in', run.state === 'cancelled' ? run.step : 'time to complete');
    // Its baselines are revoked, and its snapshots go.
    if (digestsLost) return;
    if (run.results['make-snapshots']) tally.add('blocks compared', 'all', await expectSameBytes(site, run));
    if (run.state !== 'completed') return;
    const copied = run.results['copy-disks'];
    if (!disturbed.faultHit && tracksChanges(vm) && !this.#guest.foreignEver) {
      for (const { label, changeId } of run.results['take-snapshot']?.disks ?? [])
        expect({ label, tracked: changeId !== null }).toEqual({ label, tracked: true });
    }
    tally.add('transport', copied?.transport ?? '');
    tally.add(
      'folder mode',
      copied?.transport === 'folder'
        ? 'read by ranges'
        : (/\/folder (.*)\.$/.exec(copied?.transportWhy ?? '')?.[1] ?? 'not asked'),
    );
    tally.add('transport chosen', turn.transport);
    tally.add('verification', turn.verification);
    for (const { mode, via } of copied?.disks ?? []) {
      tally.add('mode of a disk', mode);
      tally.add('path of a disk', `${turn.transfer} ${via} ${mode}`);
    }
    if (disturbed.parentsRefused) tally.add('trouble', 'parent refused');
    if (turn.trouble.kind === 'digests-deleted') tally.add('trouble', 'digests deleted');
    if (turn.lateAws > 0) tally.add('trouble', 'fresh snapshots not found');
  }

  async #cancel(runId: string, step: Parameters<RunWatch['reached']>[1], afterMs: number): Promise<void> {
    const { site, watch } = this.#options;
    await watch.reached(runId, step, RUN_SECONDS);
    await delay(afterMs);
    try {
      await cancelRun(site.ctx, { runId });
    } catch (error) {
      // It had ended before.
      if (!(error instanceof FaultError) || error.fault.code !== 'conflict') throw error;
    }
  }

  async #deleteDigests(at: number): Promise<void> {
    const { site } = this.#options;
    const { bucket } = site.lab.aws;
    const prefix = `landfall-digests/${this.#jobId}/`;
    const objects = await site.control<{ key: string }[]>('/aws/objects', { bucket, prefix });
    const object = objects[Math.floor((objects.length * at) / 1_000_001)];
    if (!object) return;
    await site.control('/aws/deleteObject', { bucket, key: object.key });
    this.#expected.digestsDeleted();
  }

  async #told(): Promise<string> {
    const { site } = this.#options;
    const run = this.#run;
    if (!run) return '(no run)';
    const lines = await site.db.select().from(runLog).where(eq(runLog.runId, run.id)).orderBy(asc(runLog.id));
    const { id, state, step, settings, results, fault } = run;
    const { 'check-server': _server, ...shown } = results;
    return `${JSON.stringify({ id, state, step, settings, fault, shown })}\n${lines.map(({ text }) => `    ${text}`).join('\n')}`;
  }
}
