/**
 * What goes wrong with the bans of a plan.
 *
 * @module
 */

import type { PlanFigures } from "./plan_types.ts";

/** Knows which bans fail, and which were refused for good. */
export class PlanFailures {
  readonly #failing = new Set<string>();
  readonly #refused = new Set<string>();
  #lastReason: string | undefined;

  /** How many there are of each, and why the last one failed. */
  get figures(): Pick<PlanFigures, "failing" | "refused" | "lastReason"> {
    const failing = this.#failing.size;
    return {
      failing,
      refused: this.#refused.size,
      lastReason: failing > 0 ? this.#lastReason : undefined,
    };
  }

  /** A ban failed, and is tried again. */
  failed(key: string, reason: string): void {
    this.#failing.add(key);
    this.#lastReason = reason;
  }

  /** A ban was refused, and is not tried again before something changes. */
  refused(key: string): void {
    this.#failing.delete(key);
    this.#refused.add(key);
  }

  /** Something changed: a ban that was refused has its chance again. */
  retry(key: string): void {
    this.#refused.delete(key);
  }

  /** Nothing is wrong with a ban. */
  resolve(key: string): void {
    this.#failing.delete(key);
    this.#refused.delete(key);
  }
}
