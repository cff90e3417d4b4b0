// The Regions of the lab's account beside its own: each has snapshots, AMIs and instances of its own from the first request that
// is signed for it. Buckets are of the account, and each says which Region it is in.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LabAwsPart } from './context.ts';
import { createEbs } from './ebs/service.ts';
import { createEc2 } from './ec2/service.ts';
import type { PacedContext } from './pace.ts';
import type { AwsRequest } from './service.ts';

interface Region {
  ec2: LabAwsPart;
  ebs: LabAwsPart;
}

/** As Regions are called: it becomes a folder. */
const NAME = /^[a-z]{2}(-[a-z]+)+-\d$/;

export class Regions {
  readonly #context: PacedContext;
  readonly #open = new Map<string, Region>();

  /** The account's own Region lies where everything did before there were others; the rest in `regions/<name>`. */
  constructor(context: PacedContext) {
    this.#context = context;
    this.#open.set(context.region, { ec2: createEc2(context), ebs: createEbs(context) });
    const folder = join(context.dataDir, 'regions');
    // What goes on there by itself goes on after a restart too.
    if (existsSync(folder)) for (const name of readdirSync(folder)) this.#of(name);
  }

  /** Control calls are of the account's own Region unless their input names another one as `region`. */
  get ec2(): LabAwsPart {
    return this.#part('ec2');
  }

  get ebs(): LabAwsPart {
    return this.#part('ebs');
  }

  #of(name: string): Region {
    const known = this.#open.get(name);
    if (known) return known;
    const dataDir = join(this.#context.dataDir, 'regions', name);
    const context: PacedContext = { ...this.#context, region: name, dataDir, snapshots: undefined };
    const made = { ec2: createEc2(context), ebs: createEbs(context) };
    this.#open.set(name, made);
    return made;
  }

  /** A signature for something that is no Region is answered in the account's own, as it was before. */
  #named(name: string | undefined): Region {
    return this.#of(name !== undefined && NAME.test(name) ? name : this.#context.region);
  }

  #part(which: keyof Region): LabAwsPart {
    const own = this.#of(this.#context.region)[which];
    const control = Object.keys(own.control).map((call) => [
      call,
      async (input: { region?: string } = {}) => {
        const { region, ...rest } = input;
        return this.#named(region)[which].control[call]?.(rest);
      },
    ]);
    return {
      service: (request: AwsRequest) => this.#named(request.region)[which].service(request),
      control: Object.fromEntries(control),
      close: async () => {
        for (const region of this.#open.values()) await region[which].close();
      },
    };
  }
}
