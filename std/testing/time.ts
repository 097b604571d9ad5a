/**
 * Stands in for `@std/testing/time` where JSR can't be reached, for the part
 * of it that this project uses. The work is done by npm's
 * `@sinonjs/fake-timers`. What differs: a `setTimeout(..., 0)` made by a timer
 * while it runs is due a millisecond later, not in the same one, and there is
 * no `advanceRate`.
 *
 * @see {@link https://jsr.io/@std/testing/doc/time | @std/testing/time}
 * @module
 */

import { type Clock, install } from "@sinonjs/fake-timers";

/** Thrown when time is faked already, or not any more. */
export class TimeError extends Error {
  override readonly name = "TimeError";
}

const realSetTimeout = globalThis.setTimeout;
const realAbortSignalTimeout = AbortSignal.timeout;
// The globals are replaced, so there can be only one.
let current: FakeTime | undefined;

/**
 * Replaces `Date`, `setTimeout`, `setInterval`, their `clear` functions and
 * `AbortSignal.timeout` until restored; time then moves only when a method
 * moves it.
 *
 * @example
 * ```ts
 * import { FakeTime } from "@std/testing/time";
 * import { strictEqual } from "node:assert/strict";
 *
 * using time = new FakeTime(0);
 * let rang = false;
 * setTimeout(() => rang = true, 1_000);
 * time.tick(999);
 * strictEqual(rang, false);
 * await time.tickAsync(1);
 * strictEqual(rang, true);
 * strictEqual(Date.now(), 1_000);
 * ```
 */
export class FakeTime implements Disposable {
  readonly #clock: Clock;
  readonly #start: number;

  /**
   * @param start When the faked time begins; `undefined` and `null`: now.
   * @throws {TimeError} when time is faked already, or `start` is no time.
   */
  constructor(start?: number | string | Date | null) {
    if (current !== undefined) {
      throw new TimeError(
        "Cannot construct FakeTime: time is already faked",
      );
    }
    this.#start = Math.floor(
      start === undefined || start === null
        ? Date.now()
        : new Date(start).valueOf(),
    );
    if (Number.isNaN(this.#start)) {
      throw new TimeError(`Cannot construct FakeTime: invalid start: ${start}`);
    }
    this.#clock = install({
      now: this.#start,
      toFake: [
        "Date",
        "setTimeout",
        "clearTimeout",
        "setInterval",
        "clearInterval",
      ],
    });
    AbortSignal.timeout = abortAfterFakeTime;
    current = this;
  }

  /** Milliseconds since 1970. Setting it runs the timers due until then. */
  get now(): number {
    return this.#clock.now;
  }
  set now(value: number) {
    if (value < this.#clock.now) {
      throw new RangeError(`Cannot set time in the past: ${value}`);
    }
    this.#clock.tick(value - this.#clock.now);
  }

  /** Where the faked time began, in milliseconds since 1970. */
  get start(): number {
    return this.#start;
  }

  /** Resolves after real milliseconds. */
  delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      realSetTimeout(resolve, ms);
    });
  }

  /** Runs everything that does not wait for a timer. */
  async runMicrotasks(): Promise<void> {
    await this.delay(0);
  }

  /** Moves time on by `ms`, running the timers due until then. */
  tick(ms = 0): void {
    this.now += ms;
  }

  /** As `tick`, after {@link FakeTime.runMicrotasks}. */
  async tickAsync(ms = 0): Promise<void> {
    await this.runMicrotasks();
    this.now += ms;
  }

  /** Moves time on to the next timer. Returns whether there was one. */
  next(): boolean {
    const waiting = this.#clock.countTimers() > 0;
    if (waiting) this.#clock.next();
    return waiting;
  }

  /** As `next`, after {@link FakeTime.runMicrotasks}. */
  async nextAsync(): Promise<boolean> {
    await this.runMicrotasks();
    return this.next();
  }

  /** Moves time on until no timer is left. */
  runAll(): void {
    while (this.next());
  }

  /** As `runAll`, with {@link FakeTime.runMicrotasks} before each timer. */
  async runAllAsync(): Promise<void> {
    while (await this.nextAsync());
  }

  /**
   * Restores the real time.
   *
   * @throws {TimeError} when it is restored already.
   */
  restore(): void {
    if (current !== this) {
      throw new TimeError("Cannot restore time: time is already restored");
    }
    current = undefined;
    AbortSignal.timeout = realAbortSignalTimeout;
    this.#clock.uninstall();
  }

  /** As {@link FakeTime.restore}, once. */
  [Symbol.dispose](): void {
    if (current === this) this.restore();
  }
}

function abortAfterFakeTime(delayMs: number): AbortSignal {
  const aborter = new AbortController();
  setTimeout(() => {
    aborter.abort(new DOMException("Signal timed out.", "TimeoutError"));
  }, delayMs);
  return aborter.signal;
}
