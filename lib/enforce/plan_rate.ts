/**
 * When a plan may hand out its next batch.
 *
 * @module
 */

/** How a pace is set up. */
export interface PlanRateOptions {
  /** Bans handed out in a second at most. @default {Infinity} */
  readonly maxPerSecond?: number;
  /** Pause before the second try; doubled each time, in milliseconds. @default {1000} */
  readonly firstPauseMs?: number;
  /** Longest pause before a ban is tried again, in milliseconds. @default {300000} */
  readonly maxPauseMs?: number;
  /**
   * Longest pause of everything after a batch that failed as a whole, in
   * milliseconds: what enforces bans is soon there again. @default {60000}
   */
  readonly maxBatchPauseMs?: number;
}

/** Keeps the rate, and the pauses after failures. Time is an argument. */
export class PlanRate {
  readonly #options: Required<PlanRateOptions>;
  #nextAtMs = -Infinity;
  #failedBatches = 0;

  /** @param options How the pace is set up. */
  constructor(options: PlanRateOptions = {}) {
    const { maxPerSecond = Infinity } = options;
    const { firstPauseMs = 1_000, maxPauseMs = 300_000 } = options;
    const { maxBatchPauseMs = 60_000 } = options;
    this.#options = { maxPerSecond, firstPauseMs, maxPauseMs, maxBatchPauseMs };
  }

  /** When the next batch may be handed out. */
  get nextAtMs(): number {
    return this.#nextAtMs;
  }

  /** Bans in a batch at most, so that none takes more than its second. */
  get maxBansAtOnce(): number {
    return Math.max(1, Math.floor(this.#options.maxPerSecond));
  }

  /** Says that bans were handed out. */
  handedOut(bans: number, nowMs: number): void {
    this.#nextAtMs = nowMs + bans / this.#options.maxPerSecond * 1_000;
  }

  /** Says that a batch failed as a whole: everything waits. */
  failed(nowMs: number): void {
    const { maxBatchPauseMs } = this.#options;
    const pauseMs = this.pauseMs(this.#failedBatches++);
    const againAtMs = nowMs + Math.min(pauseMs, maxBatchPauseMs);
    this.#nextAtMs = Math.max(this.#nextAtMs, againAtMs);
  }

  /** Says that a batch did not fail as a whole. */
  worked(): void {
    this.#failedBatches = 0;
  }

  /**
   * How long to wait before another try.
   *
   * @param failures How often it failed before this time.
   */
  pauseMs(failures: number): number {
    const { firstPauseMs, maxPauseMs } = this.#options;
    return Math.min(firstPauseMs * 2 ** failures, maxPauseMs);
  }
}
