// The Regions of the lab's accounts: each has snapshots, AMIs and instances of its own from the first request that is signed for
// it. Buckets are of an account too, but their names are everybody's, and each says which Region it is in.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LabAwsPart } from './context.ts';
import { createEbs } from './ebs/service.ts';
import { createEc2, type Ec2 } from './ec2/service.ts';
import type { Directory } from './iam/directory.ts';
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
  readonly #directory: Directory;
  readonly #open = new Map<string, Region>();
  readonly #everywhere = new Map<string, Ec2>();

  /**
   * The first account's own Region lies where everything did before there were others; its others in `regions/<name>`, those
   * of another account in `accounts/<account>/regions/<name>`.
   */
  constructor(context: PacedContext, directory: Directory) {
    this.#context = context;
    this.#directory = directory;
    // What goes on there by itself goes on after a restart too.
    for (const { account, region } of directory.accounts) {
      this.#of(account, region);
      const folder = join(this.#folderOf(account), 'regions');
      if (existsSync(folder)) for (const name of readdirSync(folder)) this.#of(account, name);
    }
  }

  /** Control calls are of the first account unless their input names another as `account`, and of its own Region unless it names a `region`. */
  get ec2(): LabAwsPart {
    return this.#part('ec2');
  }

  get ebs(): LabAwsPart {
    return this.#part('ebs');
  }

  #folderOf(account: string): string {
    return account === this.#context.account ? this.#context.dataDir : join(this.#context.dataDir, 'accounts', account);
  }

  #of(account: string, name: string): Region {
    const key = `${account}/${name}`;
    const known = this.#open.get(key);
    if (known) return known;
    const first = account === this.#context.account && name === this.#context.region;
    const dataDir = first ? this.#context.dataDir : join(this.#folderOf(account), 'regions', name);
    const context: PacedContext = { ...this.#context, account, region: name, dataDir, snapshots: undefined };
    const kms = (keyArn: string) => this.#directory.keyPolicy(keyArn);
    const made = { ec2: createEc2(context, this.#everywhere), ebs: createEbs(context, kms) };
    this.#open.set(key, made);
    return made;
  }

  /** A signature for something that is no Region is answered in the account's own, as it was before. */
  #named(account = this.#context.account, name?: string): Region {
    const known = this.#directory.accounts.find((one) => one.account === account);
    if (!known) throw new Error(`The lab has no account ${account}.`);
    return this.#of(account, name !== undefined && NAME.test(name) ? name : known.region);
  }

  #part(which: keyof Region): LabAwsPart {
    const own = this.#named()[which];
    const control = Object.keys(own.control).map((call) => [
      call,
      async (input: { account?: string; region?: string } = {}) => {
        const { account, region, ...rest } = input;
        return this.#named(account, region)[which].control[call]?.(rest);
      },
    ]);
    return {
      service: (request: AwsRequest) => this.#named(request.account, request.region)[which].service(request),
      control: Object.fromEntries(control),
      close: async () => {
        for (const region of this.#open.values()) await region[which].close();
      },
    };
  }
}
