/**
 * A fixed amount of work that measures the machine's current speed.
 *
 * @module
 */

/** Takes about 2.5 ms on an idle machine. */
const STEPS = 1_100_000;
const WARM_UPS = 5;

/** Measures the duration of the work. */
export class ReferenceWork {
  readonly #nowMs: () => number;
  /** Stored, so that the compiler can't remove the work. */
  #state = 1;
  /** The shortest time at the start, in milliseconds. */
  readonly fastestMs: number;

  /** @param nowMs A monotonic clock, in milliseconds. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    // The first runs are slow, before the code is compiled.
    const times = Array.from({ length: WARM_UPS }, () => this.measureMs());
    this.fastestMs = Math.min(...times);
  }

  /** Does the work once; returns its duration in milliseconds. */
  measureMs(): number {
    const startMs = this.#nowMs();
    this.#state = work(this.#state);
    return this.#nowMs() - startMs;
  }
}

function work(from: number): number {
  let state = from;
  for (let step = 0; step < STEPS; step++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + step | 0;
  }
  return state;
}
