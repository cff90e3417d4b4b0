// The credentials of an open target as its row says now: a step that holds the target for hours follows a changed key too.
import type { AwsCredentials } from '../../../replication/target/aws/target.ts';
import { log } from '../../log.ts';
import { signInOf } from '../targets/sign-in.ts';
import type { PlaceRow, TargetRow } from '../targets/store.ts';
import { credentialsFor } from './credentials.ts';

/** Who holds a target open sees a changed sign-in within this time. */
const LOOK_EVERY_MS = 2000;
/** Less than the five minutes from which on the SDK asks before every call. */
const ASK_AGAIN_MS = 60_000;

export class CurrentCredentials {
  readonly #place: PlaceRow;
  readonly #look: () => Promise<TargetRow>;
  #version: number;
  #source: () => Promise<AwsCredentials>;
  #lookedAt = performance.now();
  #looking: Promise<void> | undefined;

  /** @throws when there is nothing to sign in with */
  constructor(place: PlaceRow, target: TargetRow, look: () => Promise<TargetRow>) {
    this.#place = place;
    this.#look = look;
    this.#version = target.signInVersion;
    this.#source = credentialsFor(signInOf(target), place);
  }

  /** Signs in as this row says from now on, unless a newer one is known. What it lacks is then a fault of every call. */
  follow(target: TargetRow): void {
    this.#lookedAt = performance.now();
    if (target.signInVersion <= this.#version) return;
    this.#version = target.signInVersion;
    try {
      this.#source = credentialsFor(signInOf(target), this.#place);
    } catch (error) {
      this.#source = () => Promise.reject(error);
    }
  }

  /** For the SDK, which is told to ask before every call. */
  readonly provide = async (): Promise<AwsCredentials> => {
    if (performance.now() - this.#lookedAt > LOOK_EVERY_MS) {
      this.#looking ??= this.#lookAgain().finally(() => {
        this.#looking = undefined;
      });
      await this.#looking;
    }
    const given = await this.#source();
    const soon = Date.now() + ASK_AGAIN_MS;
    return { ...given, expiration: new Date(Math.min(given.expiration?.getTime() ?? soon, soon)) };
  };

  async #lookAgain(): Promise<void> {
    try {
      this.follow(await this.#look());
    } catch (error) {
      // A database that is away is no reason to stop.
      this.#lookedAt = performance.now();
      log().debug(
        { error, target: this.#place.targetId },
        'could not look whether the sign-in of a target has changed',
      );
    }
  }
}
