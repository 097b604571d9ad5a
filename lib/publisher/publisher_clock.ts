/**
 * The time that the publisher's store goes by.
 *
 * It goes on steadily while the publisher runs, and from one run to the next:
 * what is kept beside the store is how far the system's clock is ahead of it.
 * So nothing that is kept has to be written anew when somebody sets that clock.
 *
 * For how long the publisher did not run only the system's clock knows, which
 * may be wrong at a start: a machine without a clock of its own begins in 1970,
 * another with a bad battery wherever that left it. Time never goes back,
 * therefore, and when it is said to have gone far ahead nothing is forgotten
 * before that was so for an hour of running.
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
  /** The system's. */
  readonly clock: Clock;
  readonly log: Log;
}

/** Interval between looks at the system's clock. */
const LOOK_INTERVAL_MS = 1_000;
/** Smallest difference that means that somebody set it. */
const STEP_MS = 1_000;
/** Interval between notes in the store that the publisher runs. */
const SEEN_INTERVAL_MS = 60_000;
/** Pause before a note that failed is tried again. */
const SEEN_RETRY_MS = 10_000;
/** Longest absence after which the system's clock is believed at once. */
const FAR_MS = 86_400_000;
/** Running time after which a doubtful clock is believed. */
const DOUBT_MS = 3_600_000;

/** Keeps the time. */
export class PublisherClock {
  /** What everything in the publisher goes by. */
  readonly steady: SteadyClock;
  readonly #options: PublisherClockOptions;
  readonly #troubleLog: TroubleLog;
  /** Whether the system's clock was right at the start. */
  #belief: "right" | "doubtful" | "wrong" = "right";
  /** When it is believed, by the steady clock of this run. */
  #believedMs: number;
  #againMs = 0;

  /**
   * Goes on from where the store was left.
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

  /** Whether what is over by this clock may be forgotten for good. */
  get mayForget(): boolean {
    return this.#belief === "right";
  }

  /**
   * Looks at the system's clock until aborted.
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

  /** Whether the system's clock says that the publisher did not run for long. */
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

  /** What is kept must stay as it is as long as that may be what was right. */
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
