/**
 * Decides which file calls on a local disk may block the event loop.
 *
 * An asynchronous call in Deno goes to another thread and back: some 0.2 ms,
 * for a `stat` that takes a microsecond. On a local disk the call is therefore
 * made synchronously, if the event loop has turned a moment ago. A network file
 * system may not answer for minutes, so its calls are always asynchronous.
 *
 * @module
 */

/** Longest time that the event loop is blocked before one more call. */
const MAX_TURN_MS = 5;

/** Measures how long the files of one log have blocked the event loop. */
export class BriefCalls {
  readonly #nowMs: () => number;
  /** When the loop last turned. */
  #turnedMs = -Infinity;

  /** @param nowMs A clock that is never set, in milliseconds. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Notes that the event loop has turned. */
  noteTurn(): void {
    this.#turnedMs = this.#nowMs();
  }

  /**
   * Makes a call, synchronously if allowed.
   *
   * @typeParam T The call's result.
   * @param isLocal Whether the file is on a local disk.
   * @param atOnce The synchronous call.
   * @param later The same call, asynchronous.
   */
  async make<T>(
    isLocal: boolean,
    atOnce: () => T,
    later: () => Promise<T>,
  ): Promise<T> {
    if (isLocal && this.#nowMs() - this.#turnedMs < MAX_TURN_MS) {
      return atOnce();
    }
    try {
      return await later();
    } finally {
      this.noteTurn();
    }
  }
}
