/**
 * Calls on files of a local disk that need no thread of their own.
 *
 * A call of Deno's that does not hold the event loop goes to another thread and
 * back: some 0.2 ms, for a `stat` that takes a microsecond. Where the disk is of
 * this host, a call is made at once instead, as long as the loop has turned a
 * moment ago. A file system of the network may not answer for minutes: its
 * calls all go the long way.
 *
 * @module
 */

/** The event loop is held for so long at most, in milliseconds, and for one call more. */
const MAX_TURN_MS = 5;

/** Counts how long the event loop has been held, for the files of one log. */
export class BriefCalls {
  readonly #nowMs: () => number;
  /** When the loop last turned. */
  #turnedMs = -Infinity;

  /** @param nowMs A clock that is never set, in milliseconds. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The loop has turned: others had their turn. */
  noteTurn(): void {
    this.#turnedMs = this.#nowMs();
  }

  /**
   * Makes a call, at once where that may be.
   *
   * @typeParam T What it gives.
   * @param isLocal Whether it concerns a disk of this host.
   * @param atOnce The call that holds the loop.
   * @param later The same that does not.
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
