/**
 * The clock of the publisher's store.
 *
 * It runs steadily while the publisher runs, and from one run to the next: the
 * store keeps how far the system's clock is ahead of it. So no stored time
 * needs to change when somebody sets the system's clock.
 *
 * Only the system's clock knows how long the publisher was stopped, and it may
 * be wrong at a start: a machine without a hardware clock starts in 1970, one
 * with a bad battery at any time. Therefore this clock never goes back, and
 * after a big jump ahead nothing is deleted until the publisher has run for an
 * hour.
 *
 * @module
 */

import type { BanStore, StoreTime } from "../ban/ban_store.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import { SteadyClock } from "../async/steady_clock.ts";

/** Options for {@link PublisherClock}. */
export interface PublisherClockOptions {
  readonly store: Pick<BanStore, "time" | "keepTime">;
  /** The system's clock. */
  readonly clock: Clock;
  readonly log: Log;
}

/** Interval between checks of the system's clock. */
const LOOK_INTERVAL_MS = 1_000;
/** Smallest difference that counts as a set clock. */
const STEP_MS = 1_000;
/** Interval between stores of the current time. */
const SEEN_INTERVAL_MS = 60_000;
/** Pause before a failed store is retried. */
const SEEN_RETRY_MS = 10_000;
/** Longest absence after which the system's clock is trusted at once. */
const FAR_MS = 86_400_000;
/** Running time after which a doubtful clock is trusted. */
const DOUBT_MS = 3_600_000;

/** Keeps the publisher's time. */
export class PublisherClock {
  /** The clock that everything in the publisher uses. */
  readonly steady: SteadyClock;
  readonly #options: PublisherClockOptions;
  readonly #troubleLog: TroubleLog;
  /** Whether the system's clock was right at the start. */
  #belief: "right" | "doubtful" | "wrong" = "right";
  /** Monotonic time at which a doubtful clock is trusted. */
  #believedMs: number;
  #againMs = 0;

  /**
   * Continues from the time in the store.
   *
   * @param options See {@link PublisherClockOptions}.
   */
  constructor(options: PublisherClockOptions) {
    this.#options = options;
    const { store: { time }, clock, log } = options;
    const { aheadMs = 0, seenMs = -Infinity } = time ?? {};
    const nowMs = clock.nowMs() - aheadMs;
    const behindMs = Math.max(0, seenMs - nowMs);
    this.steady = new SteadyClock(clock, aheadMs - behindMs);
    this.#believedMs = clock.monotonicMs() + DOUBT_MS;
    this.#troubleLog = new TroubleLog({
      log,
      clock,
      trouble: "how the clock was set can't be kept, and is tried again",
      over: "how the clock was set is kept",
    });
    if (time !== undefined && this.#isFar(time)) this.#doubt(time);
  }

  /** Whether expired history may be deleted. */
  get mayForget(): boolean {
    return this.#belief === "right";
  }

  /**
   * Checks the system's clock until aborted.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    try {
      while (true) {
        await this.#look();
        await clock.delay(LOOK_INTERVAL_MS, signal);
      }
    } finally {
      await this.#look();
      this.#troubleLog.flush();
    }
  }

  async #look(): Promise<void> {
    const { store: { time }, clock } = this.#options;
    if (this.#belief === "doubtful" && time !== undefined) this.#judge(time);
    if (this.#belief !== "right") return;
    const { steady } = this;
    const [aheadMs, seenMs] = [steady.aheadMs, steady.nowMs()];
    const isSet = time === undefined ||
      Math.abs(aheadMs - time.aheadMs) > STEP_MS;
    if (!isSet && seenMs - time.seenMs < SEEN_INTERVAL_MS) return;
    if (clock.monotonicMs() < this.#againMs) return;
    if (await this.#keep({ aheadMs, seenMs }) && isSet && time !== undefined) {
      this.#tellStep(aheadMs - time.aheadMs);
    }
  }

  async #keep(time: StoreTime): Promise<boolean> {
    const { store, clock } = this.#options;
    try {
      await store.keepTime(time);
      this.#troubleLog.resolve();
      return true;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#againMs = clock.monotonicMs() + SEEN_RETRY_MS;
      this.#troubleLog.report(error.message);
      return false;
    }
  }

  /**
   * Whether the publisher was stopped for long, according to the system's
   * clock.
   */
  #isFar({ aheadMs, seenMs }: StoreTime): boolean {
    return this.steady.wallMs() - aheadMs > seenMs + FAR_MS;
  }

  #doubt({ aheadMs, seenMs }: StoreTime): void {
    this.#belief = "doubtful";
    const awayMs = this.steady.wallMs() - aheadMs - seenMs;
    this.#options.log.record(
      "warning",
      "the system's clock is far ahead of when the publisher last ran: the past is not forgotten for an hour",
      { seconds: Math.round(awayMs / 1_000) },
    );
  }

  /** The stored time must not change while it may be the right one. */
  #judge(time: StoreTime): void {
    if (!this.#isFar(time)) {
      this.#belief = "wrong";
      this.#options.log.record(
        "error",
        "the system's clock was wrong when the publisher started: start it again",
      );
    } else if (this.steady.monotonicMs() >= this.#believedMs) {
      this.#belief = "right";
    }
  }

  #tellStep(byMs: number): void {
    const seconds = Math.round(byMs / 1_000);
    this.#options.log.record("notice", "the system's clock was set", {
      seconds,
    });
  }
}
