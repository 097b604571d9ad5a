/**
 * Stores the place in the log once all that was reported before it is done with.
 *
 * @module
 */

import type { Clock, LogPosition, PositionStore } from "./ports.ts";
import type { ReportLink } from "./report_link.ts";
import { Condition } from "./tasks.ts";

/** What a keeper is made of. */
export interface MarkKeeperOptions {
  /** Whose reports are waited for. */
  readonly link: ReportLink;
  readonly positions: PositionStore;
  readonly clock: Clock;
  /** Store nothing. */
  readonly dryRun: boolean;
}

/** The place is stored at most this often. */
const STORE_EVERY_MS = 1_000;

/** A place that may be stored once the link has settled so many reports. */
interface Mark {
  readonly afterSettled: number;
  readonly position: LogPosition;
}

/** Keeps the place. A newer one replaces one that is not stored yet. */
export class MarkKeeper {
  readonly #options: MarkKeeperOptions;
  readonly #changed = new Condition();
  #mark: Mark | undefined;

  /** @param options What the keeper is made of. */
  constructor(options: MarkKeeperOptions) {
    this.#options = options;
  }

  /** The place is to be stored once all that is submitted by now is settled. */
  move(position: LogPosition): void {
    const afterSettled = this.#options.link.counters.submitted;
    this.#mark = { afterSettled, position };
    this.#changed.notify();
  }

  /** Stores places until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, link } = this.#options;
    while (true) {
      const mark = this.#mark;
      if (mark === undefined) {
        await this.#changed.wait(signal);
        continue;
      }
      await link.waitSettled(mark.afterSettled, signal);
      await this.#store(mark);
      await clock.delay(STORE_EVERY_MS, signal);
    }
  }

  /** Stores the last place if that may be. */
  async finish(): Promise<void> {
    const mark = this.#mark;
    if (mark !== undefined && this.#options.link.settled >= mark.afterSettled) {
      await this.#store(mark);
    }
  }

  async #store(mark: Mark): Promise<void> {
    const { positions, dryRun } = this.#options;
    if (this.#mark === mark) this.#mark = undefined;
    if (!dryRun) await positions.save(mark.position);
  }
}
