/**
 * Watches the turns of the process's event loop.
 *
 * @module
 */

import type { LoopTurn } from "../loop_turn.ts";

/** A turn is long after this time, in milliseconds. */
const MAX_TURN_MS = 2;
/**
 * Pause in milliseconds. A timer of 0 would not do: Deno polls the network only
 * when it has nothing else to do, or after 61 turns.
 */
const PAUSE_MS = 1;

/**
 * Number of calls before a timer watches the loop: in quiet times a timer for
 * each message would cost more than the message itself.
 */
const ASKED_BEFORE = 8;

/** A {@link LoopTurn} that several tasks share. */
export class EventLoopTurn implements LoopTurn {
  /** Calls since the loop last turned. */
  #asked = 0;
  #sinceMs = Infinity;

  get isLong(): boolean {
    this.#asked++;
    if (this.#asked < ASKED_BEFORE) return false;
    const nowMs = performance.now();
    if (this.#asked === ASKED_BEFORE) {
      this.#sinceMs = nowMs;
      setTimeout(() => this.#asked = 0, 0);
    }
    return nowMs - this.#sinceMs > MAX_TURN_MS;
  }

  async next(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
