/** Pseudorandom numbers that are the same for the same seed. */
export class SeededRandom {
  /** The user prints it, so that a run can be repeated. */
  readonly seed: number;
  #state: number;

  /** @param seed By default a random one. */
  constructor(
    seed: number = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1,
  ) {
    this.seed = seed;
    this.#state = seed;
  }

  /**
   * The next number, from 0 up to `below`.
   *
   * @see {@link https://gist.github.com/tommyettinger/46a874533244883189143505d203312c | mulberry32}
   */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ mixed >>> 15, mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32 * below;
  }
}
