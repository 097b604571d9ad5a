/**
 * The generation of the kernel's firewall: the number that each change of
 * whatever table, by whomever, makes one greater.
 *
 * @module
 */

/** Gives the number of changes that the firewall of this network has seen. */
export interface FirewallGeneration {
  /**
   * Asks the kernel.
   *
   * @returns 32 bits, and then 0 again; `undefined`: it can't be asked.
   */
  read(): number | undefined;
}

/**
 * Tells whether anybody else changed the firewall since it was looked at. Own
 * changes are counted; one of which nobody knows whether it was made counts as
 * another's.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert/strict";
 * import { GenerationWatch } from "./nft_generation.ts";
 *
 * let generation = 7;
 * const watch = new GenerationWatch({ read: () => generation });
 * watch.seen(watch.mark());
 * generation++;
 * watch.changed(); // by this program itself
 * strictEqual(watch.isUnchanged(), true);
 * generation++;
 * strictEqual(watch.isUnchanged(), false);
 * ```
 */
export class GenerationWatch {
  readonly #source: FirewallGeneration | undefined;
  /** Changes made by this program itself. */
  #own = 0;
  /** The generation that was seen, less the own changes until then. */
  #seen: number | undefined;

  /** @param source Asks; without one everything may have changed at any time. */
  constructor(source: FirewallGeneration | undefined) {
    this.#source = source;
  }

  /** What to hand to {@link GenerationWatch.seen} once all that was in force now is known. */
  mark(): number | undefined {
    const generation = this.#source?.read();
    return generation === undefined
      ? undefined
      : (generation - this.#own) >>> 0;
  }

  /** All that was in force when `mark` was taken is known. */
  seen(mark: number | undefined): void {
    this.#seen = mark;
  }

  /** This program made a change. */
  changed(): void {
    this.#own++;
  }

  /** This program may have made a change. */
  mayHaveChanged(): void {
    this.#own++;
    this.#seen = undefined;
  }

  /** Whether for certain nobody else changed anything since what was seen. */
  isUnchanged(): boolean {
    return this.#seen !== undefined && this.mark() === this.#seen;
  }
}
