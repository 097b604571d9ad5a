/**
 * A fixed piece of work that tells how fast the machine is at the moment.
 *
 * @module
 */

/** Takes some 2.5 ms where nothing else runs. */
const STEPS = 1_100_000;
const WARM_UPS = 5;

/** Times the work on a clock. */
export class ReferenceWork {
  readonly #nowMs: () => number;
  /** Kept, so that the compiler can't leave the work out. */
  #state = 1;
  /** The shortest time at the start, in milliseconds. */
  readonly fastestMs: number;

  /** @param nowMs A clock that never jumps, in milliseconds. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    // The first times are those of code that is not compiled yet.
    const times = Array.from({ length: WARM_UPS }, () => this.measureMs());
    this.fastestMs = Math.min(...times);
  }

  /** Does the work once, and gives how long it took, in milliseconds. */
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
