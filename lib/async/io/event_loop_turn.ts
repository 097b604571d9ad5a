/**
 * The turns of the process's event loop.
 *
 * @module
 */

import type { LoopTurn } from "../loop_turn.ts";

/** A turn is long after this time. */
const MAX_TURN_MS = 2;
/**
 * A pause that is over at once would not do: Deno looks for what has come over
 * the network only when it has nothing else to do, or after 61 turns.
 */
const PAUSE_MS = 1;

/**
 * So many ask before it is watched whether the loop turns: a timer for each
 * message of a quiet time would cost more than its bytes do.
 */
const ASKED_BEFORE = 8;

/** The {@link LoopTurn} of those who share it. */
export class EventLoopTurn implements LoopTurn {
  /** How many have asked since the loop was seen to turn. */
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
