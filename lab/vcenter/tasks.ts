// Tasks: work that goes on after its call was answered, with state, progress and outcome.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Center } from './center.ts';
import type { ManagedObject } from './inventory/managed-object.ts';
import { VimFault } from './soap/fault.ts';
import { type Data, data, list, type MoRef, member, ref, time, type Value } from './soap/value.ts';

export interface Task {
  id: string;
  /** Method name as on the wire: `CreateSnapshot_Task`. */
  name: string;
  /** `VirtualMachine.createSnapshot`. */
  descriptionId: string;
  entity: MoRef;
  user: string;
  state: 'queued' | 'running' | 'success' | 'error';
  /** Percent. */
  progress: number;
  result?: Value;
  error?: VimFault;
  queuedAt: number;
  startedAt?: number;
  completedAt?: number;
  /** Set where CancelTask works. */
  cancel?: () => void;
}

/** Finished tasks that are still remembered. */
const REMEMBERED = 200;
/** How long a finished task is in `recentTask`. */
const RECENT_MILLISECONDS = 10 * 60_000;

export class Tasks {
  readonly #center: Center;
  readonly #tasks = new Map<string, Task>();
  readonly #running = new Set<Promise<unknown>>();
  #next = 1;

  constructor(center: Center) {
    this.#center = center;
  }

  /** A task that somebody else brings to its end with `finish`. */
  open(name: string, descriptionId: string, entity: MoRef, user: string): Task {
    const task: Task = {
      id: `task-${this.#next++}`,
      name,
      descriptionId,
      entity,
      user,
      state: 'running',
      progress: 0,
      queuedAt: Date.now(),
      startedAt: Date.now(),
    };
    this.#tasks.set(task.id, task);
    for (const old of this.#tasks.values()) {
      if (this.#tasks.size <= REMEMBERED) break;
      if (old.completedAt) this.#tasks.delete(old.id);
    }
    this.#center.events.taskBegan(task, this.#info(task));
    this.#center.changed();
    return task;
  }

  /**
   * Starts a task that takes the usual time and then does its work. Rules for `task:<name>` make it slower, fail it or
   * let it hang; they can match the VM and the attributes.
   */
  start(
    name: string,
    descriptionId: string,
    entity: MoRef,
    user: string,
    work: (task: Task) => Promise<Value>,
    attributes: Record<string, string> = {},
  ): MoRef {
    const task = this.open(name, descriptionId, entity, user);
    const done = this.#run(task, work, attributes);
    this.#running.add(done);
    void done.finally(() => this.#running.delete(done));
    return ref('Task', task.id);
  }

  finish(task: Task, outcome: { result?: Value } | { error: VimFault }): void {
    if (task.completedAt) return;
    task.completedAt = Date.now();
    if ('error' in outcome) {
      task.state = 'error';
      task.error = outcome.error;
    } else {
      task.state = 'success';
      task.progress = 100;
      task.result = outcome.result;
    }
    this.#center.changed();
  }

  /** `cancel` of a task that can be cancelled: told by whoever opened it. */
  cancel(id: string, user: string): void {
    const task = this.#tasks.get(id);
    if (!task) throw new VimFault('ManagedObjectNotFound', 'The task is gone', { obj: ref('Task', id) });
    if (task.user !== user)
      throw new VimFault('NoPermission', 'Permission to perform this operation was denied.', {
        object: ref('Task', id),
        privilegeId: 'Global.CancelTask',
      });
    if (!task.cancel) throw new VimFault('NotSupported', 'The operation is not supported on the object.');
    if (task.completedAt) throw new VimFault('InvalidState', 'The operation is not allowed in the current state.');
    task.cancel();
  }

  progress(task: Task, percent: number): void {
    const whole = Math.max(0, Math.min(100, Math.floor(percent)));
    if (whole === task.progress || task.completedAt) return;
    task.progress = whole;
    this.#center.changed();
  }

  /** The task that is at work on this entity. */
  runningOn(entity: MoRef): Task | undefined {
    return [...this.#tasks.values()].find((task) => task.entity.value === entity.value && !task.completedAt);
  }

  all(): Task[] {
    return [...this.#tasks.values()];
  }

  recent(): MoRef[] {
    const since = Date.now() - RECENT_MILLISECONDS;
    return this.all()
      .filter((task) => !task.completedAt || task.completedAt > since)
      .map((task) => ref('Task', task.id));
  }

  ofEntity(entity: MoRef): MoRef[] {
    return this.all()
      .filter((task) => task.entity.value === entity.value)
      .map((task) => ref('Task', task.id));
  }

  find(id: string): ManagedObject | undefined {
    const task = this.#tasks.get(id);
    return task && { ref: ref('Task', id), properties: { info: () => this.#info(task) } };
  }

  /** Resolves when no task that `start` began is still at work. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#running]);
  }

  async #run(task: Task, work: (task: Task) => Promise<Value>, attributes: Record<string, string>): Promise<void> {
    const { signal } = this.#center.closing;
    try {
      await sleep(this.#center.settings.taskMilliseconds, undefined, { signal });
      const matched = { ...attributes, vm: task.entity.value };
      for (const effect of this.#center.faults.take('vcenter', `task:${task.name}`, matched)) {
        if (effect.kind === 'fail') throw new VimFault(effect.code, effect.message ?? effect.code);
        if (effect.kind === 'delay') await sleep(effect.ms, undefined, { signal });
        if (effect.kind === 'hang') await sleep(2 ** 31 - 1, undefined, { signal });
      }
      this.finish(task, { result: await work(task) });
    } catch (error) {
      const fault =
        error instanceof VimFault ? error : new VimFault('SystemError', String(error), { reason: String(error) });
      this.finish(task, { error: fault });
    }
  }

  #info(task: Task): Data {
    return data('TaskInfo', {
      key: task.id,
      task: ref('Task', task.id),
      name: task.name,
      descriptionId: task.descriptionId,
      entity: task.entity,
      entityName: this.#center.inventory.name(task.entity),
      locked: list('ManagedObjectReference', []),
      state: member('TaskInfoState', task.state),
      cancelled: false,
      cancelable: task.cancel !== undefined,
      error: task.error?.localized(),
      result: task.result,
      progress: task.state === 'running' ? task.progress : undefined,
      reason: data('TaskReasonUser', { userName: task.user }),
      queueTime: time(task.queuedAt),
      startTime: task.startedAt ? time(task.startedAt) : undefined,
      completeTime: task.completedAt ? time(task.completedAt) : undefined,
      eventChainId: Number(task.id.slice(5)),
    });
  }
}
