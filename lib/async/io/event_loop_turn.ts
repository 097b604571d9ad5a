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

/** The {@link LoopTurn} of those who share it. */
export class EventLoopTurn implements LoopTurn {
  /** `undefined`: nobody has asked in this turn. */
  #sinceMs: number | undefined;

  get isLong(): boolean {
    const nowMs = performance.now();
    if (this.#sinceMs === undefined) {
      this.#sinceMs = nowMs;
      setTimeout(() => this.#sinceMs = undefined, 0);
    }
    return nowMs - this.#sinceMs > MAX_TURN_MS;
  }

  async next(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
