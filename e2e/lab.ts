// The lab, steered from behind: its control calls, and the process ids of the programs that a story may kill.
// For the stories; knows nothing but files of the data folder and HTTP.
import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface FaultRule {
  side: 'vcenter' | 'aws';
  /** `nfc:GET`, `s3:UploadPart`, `ec2:ImportSnapshot`… */
  operation: string;
  match?: Record<string, string>;
  count?: number;
  effect:
    | { kind: 'fail'; code: string; message?: string; status?: number }
    | { kind: 'delay'; ms: number }
    | { kind: 'rate'; bytesPerSecond: number };
}

export interface LabSnapshot {
  id: string;
  vm: string;
  name: string;
  description: string;
}

export class Lab {
  readonly #dataFolder: string;
  readonly #rules: string[] = [];
  #quiet = false;

  constructor(dataFolder: string) {
    this.#dataFolder = dataFolder;
  }

  /** `POST /<side>/<call>` of the lab's control server. @throws Error with what it answered */
  async call<T>(name: `${'vcenter' | 'aws'}/${string}`, input: unknown = {}): Promise<T> {
    return this.#ask<T>('POST', `/${name}`, input);
  }

  /** A rule holds until `forgetRules`, which every story calls at its end. */
  async rule(rule: FaultRule): Promise<void> {
    this.#rules.push((await this.#ask<{ id: string }>('POST', '/faults', rule)).id);
  }

  /** Slows the reading of the disks of one server: a copy takes long enough to be watched. */
  async slowCopy(vm: string, bytesPerSecond: number): Promise<void> {
    await this.rule({ side: 'vcenter', operation: 'nfc:GET', match: { vm }, effect: { kind: 'rate', bytesPerSecond } });
  }

  async forgetRules(): Promise<void> {
    this.#rules.length = 0;
    await this.#ask('DELETE', '/faults');
    if (this.#quiet) await this.call('vcenter/settings', { guestWritesPerSecond: 1 });
    this.#quiet = false;
  }

  /** Until `forgetRules` the guests write only what a story makes them write: what changed can be counted. */
  async quietGuests(): Promise<void> {
    this.#quiet = true;
    await this.call('vcenter/settings', { guestWritesPerSecond: 0 });
  }

  /** Snapshots, exports and the rest that the pretend vCenter has at this moment. */
  async vcenterState(): Promise<{ up: boolean; snapshots: LabSnapshot[]; leases: { vm: string }[] }> {
    return (await this.#ask<{ vcenter: Awaited<ReturnType<Lab['vcenterState']>> }>('GET', '/state')).vcenter;
  }

  /** The process id of a program; 0 while it is down. */
  processId(program: 'worker' | 'connector'): number {
    const programs = JSON.parse(readFileSync(path.join(this.#dataFolder, 'programs.json'), 'utf8')) as unknown;
    return (programs as Record<string, number>)[program] ?? 0;
  }

  /** `kill -9`. The supervisor starts it again. */
  kill(program: 'worker' | 'connector'): number {
    const id = this.processId(program);
    if (!id) throw new Error(`${program} does not run`);
    process.kill(id, 'SIGKILL');
    return id;
  }

  /** Where the pretend AWS answers. */
  awsUrl(): string {
    return this.#addresses().aws.endpoint;
  }

  #addresses() {
    const file = path.join(this.#dataFolder, 'lab/lab.json');
    return JSON.parse(readFileSync(file, 'utf8')) as { control: { url: string }; aws: { endpoint: string } };
  }

  async #ask<T>(method: string, pathname: string, input?: unknown): Promise<T> {
    const { control } = this.#addresses();
    const answer = await fetch(`${control.url}${pathname}`, {
      method,
      ...(input === undefined ? {} : { body: JSON.stringify(input) }),
      signal: AbortSignal.timeout(30_000),
    });
    const body = await answer.text();
    if (!answer.ok) throw new Error(`The lab answered ${answer.status} to ${method} ${pathname}: ${body}`);
    return JSON.parse(body) as T;
  }
}
