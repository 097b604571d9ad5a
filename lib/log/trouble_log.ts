/**
 * Tells of trouble once, however often something is tried.
 *
 * @module
 */

import { LogThrottle } from "./log_throttle.ts";
import type { Clock } from "../async/clock.ts";
import type { Log, LogFields } from "./log.ts";

/** What complaints are made of. */
export interface TroubleLogOptions {
  /** Where to tell. */
  readonly log: Log;
  readonly clock: Clock;
  /** What happens: the event of the records that tell of trouble. */
  readonly trouble: string;
  /** The event of the record that says that it is over. */
  readonly over: string;
  /** What it is about. */
  readonly fields?: LogFields;
}

/** Reasons that are told apart; above it they are told as often as the throttle lets them. */
const MAX_REASONS = 100;

/** Tells each reason once until the trouble is over, and then that it is. */
export class TroubleLog {
  readonly #options: TroubleLogOptions;
  readonly #throttle: LogThrottle;
  readonly #told = new Set<string>();

  /** @param options What they are made of. */
  constructor(options: TroubleLogOptions) {
    this.#options = options;
    this.#throttle = new LogThrottle(options.log, options.clock);
  }

  /**
   * Tells of trouble.
   *
   * @param reason Why, in one sentence; the same words for the same cause.
   * @param details What it was like this time.
   */
  report(reason: string, details: LogFields = {}): void {
    if (this.#told.has(reason)) return;
    if (this.#told.size < MAX_REASONS) this.#told.add(reason);
    const { trouble, fields } = this.#options;
    this.#throttle.record("error", trouble, { ...fields, reason, ...details });
  }

  /** Says that there is no trouble; nothing when none was told of. */
  resolve(): void {
    if (this.#told.size === 0) return;
    this.#told.clear();
    this.#throttle.flush();
    const { log, over, fields } = this.#options;
    log.record("notice", over, fields);
  }

  /** Says how much was not told, if anything was not. */
  flush(): void {
    this.#throttle.flush();
  }
}
