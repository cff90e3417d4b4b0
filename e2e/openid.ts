// The OpenID provider of stories about single sign-on: a program of its own at the address that the console was started with.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export interface Person {
  name: string;
  email: string;
  groups: string[];
}

export class OpenIdProvider {
  readonly #program: ChildProcess;

  private constructor(program: ChildProcess) {
    this.#program = program;
  }

  static async start(issuer: string, consoleUrl: string): Promise<OpenIdProvider> {
    const program = fork('server/auth/testing-provider-main.ts', [new URL(issuer).port, consoleUrl], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    await once(program, 'message');
    return new OpenIdProvider(program);
  }

  /** Who there is from now on, by subject. */
  async people(people: Record<string, Person>): Promise<void> {
    await this.#tell({ people: Object.entries(people) });
  }

  /** Whether it answers. */
  async running(running: boolean): Promise<void> {
    await this.#tell({ running });
  }

  end(): void {
    this.#program.kill();
  }

  async #tell(order: object): Promise<void> {
    const done = once(this.#program, 'message');
    this.#program.send(order);
    await done;
  }
}
