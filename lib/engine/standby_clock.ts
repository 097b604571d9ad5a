/**
 * Makes a standby follow the active publisher's time, so that it continues that
 * time after a takeover, whatever its own clock says.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { CopyStore } from "../ban/ban_store.ts";
import type { LogView } from "./shared_log.ts";

/** Options for {@link StandbyClock}. */
export interface StandbyClockOptions {
  readonly copy: Pick<CopyStore, "time" | "keepTime">;
  readonly clock: Clock;
}

/** Smaller differences between the clocks are ignored. */
const STEP_MS = 1_000;
/**
 * How long the beat with the least delay counts: no two clocks run at exactly
 * the same speed.
 */
const BEST_MS = 60_000;
/** Interval between stores of a time that runs as expected. */
const NOTE_INTERVAL_MS = 60_000;

/**
 * Follows the beats of the active publisher; as a clock it returns the store's
 * time.
 */
export class StandbyClock implements Clock {
  readonly #options: StandbyClockOptions;
  #version: number | undefined;
  /** When the log was last read. */
  #lookedMs = -Infinity;
  /**
   * The store's time minus that of a clock that never jumps; `undefined`: there
   * was no beat yet.
   */
  #beyondMs: number | undefined;
  /**
   * The term of the beats, and the arrival of the beat that set
   * {@link #beyondMs}.
   */
  #term = 0;
  #bestAtMs = -Infinity;
  #notedMs = -Infinity;

  /** @param options See {@link StandbyClockOptions}. */
  constructor(options: StandbyClockOptions) {
    this.#options = options;
  }

  /** Whether a beat has set the time. */
  get isFollowed(): boolean {
    return this.#beyondMs !== undefined;
  }

  /**
   * The store's time in milliseconds since 1970: as it was stored, until a beat
   * sets it.
   */
  nowMs(): number {
    const { copy: { time }, clock } = this.#options;
    return this.#beyondMs === undefined
      ? clock.nowMs() - (time?.aheadMs ?? 0)
      : clock.monotonicMs() + this.#beyondMs;
  }

  monotonicMs(): number {
    return this.#options.clock.monotonicMs();
  }

  delay(ms: number, signal: AbortSignal): Promise<void> {
    return this.#options.clock.delay(ms, signal);
  }

  /**
   * Processes a view of the log. The first beat seen may be old, and so may one
   * that came while nobody looked: it only sets a lower bound.
   *
   * A beat takes some time to arrive and is seen late. So of the beats of a
   * minute the one with the least delay counts, and the store's time does not
   * fall behind with each takeover.
   *
   * @param seenMs When the answer came, by the clock that never jumps.
   * @throws {RuntimeError} when the time can't be stored.
   */
  async note({ beat, lead, versions }: LogView, seenMs: number): Promise<void> {
    const { copy: { time }, clock } = this.#options;
    const isNew = this.#version !== undefined &&
      versions.beat !== this.#version;
    const isFresh = seenMs - this.#lookedMs <= STEP_MS;
    this.#version = versions.beat;
    this.#lookedMs = seenMs;
    if (!isNew || beat === undefined) return;
    const beyondMs = beat.storeMs - seenMs;
    if (!isFresh && beyondMs < this.nowMs() - clock.monotonicMs()) return;
    this.#follow(beyondMs, lead.term, seenMs);
    const aheadMs = clock.nowMs() - this.nowMs();
    const isOther = Math.abs(aheadMs - (time?.aheadMs ?? Infinity)) > STEP_MS;
    const isDue = clock.monotonicMs() - this.#notedMs >= NOTE_INTERVAL_MS;
    if (isOther || isDue) await this.keep();
  }

  #follow(beyondMs: number, term: number, seenMs: number): void {
    const counts = term === this.#term && seenMs - this.#bestAtMs < BEST_MS;
    if (counts && beyondMs < (this.#beyondMs ?? -Infinity)) return;
    this.#beyondMs = beyondMs;
    this.#term = term;
    this.#bestAtMs = seenMs;
  }

  /**
   * Stores the followed time.
   *
   * @throws {RuntimeError} when it can't be stored.
   */
  async keep(): Promise<void> {
    const { copy, clock } = this.#options;
    if (this.#beyondMs === undefined) return;
    const seenMs = clock.monotonicMs() + this.#beyondMs;
    this.#notedMs = clock.monotonicMs();
    await copy.keepTime({ aheadMs: clock.nowMs() - seenMs, seenMs });
  }
}
