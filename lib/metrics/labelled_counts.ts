/**
 * Counts what happened by labels, of which there are so many at most.
 *
 * @module
 */

/** What stands in place of a value once there are too many. */
export const OTHER = "other";

/**
 * Counts by the values of some labels. Whoever names them can't make them
 * grow without bound: past that the first label is {@link OTHER}.
 *
 * @example
 * ```ts
 * import { LabelledCounts } from "./labelled_counts.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const counts = new LabelledCounts(["node", "rule"], 1);
 * counts.note(["web1", "loopback"], 2);
 * counts.note(["web2", "loopback"]);
 * deepStrictEqual([...counts.entries()], [
 *   [{ node: "web1", rule: "loopback" }, 2],
 *   [{ node: "other", rule: "loopback" }, 1],
 * ]);
 * ```
 */
export class LabelledCounts<L extends string> {
  readonly #labels: readonly L[];
  readonly #max: number;
  readonly #counts = new Map<
    string,
    { values: readonly string[]; count: number }
  >();

  /**
   * @param labels Their names.
   * @param max How many combinations of values are told apart.
   */
  constructor(labels: readonly L[], max: number) {
    this.#labels = labels;
    this.#max = max;
  }

  /** Notes that something happened, so many times. */
  note(values: readonly string[], count = 1): void {
    const known = this.#counts.get(keyOf(values));
    if (known !== undefined) known.count += count;
    else if (this.#counts.size < this.#max) this.#add(values, count);
    else this.#noteOther(values, count);
  }

  /** How often, by the labels' names. */
  *entries(): Generator<readonly [Readonly<Record<L, string>>, number]> {
    for (const { values, count } of this.#counts.values()) {
      const named = this.#labels.map((label, at) => [label, values[at] ?? ""]);
      yield [Object.fromEntries(named), count];
    }
  }

  #noteOther(values: readonly string[], count: number): void {
    const others = [OTHER, ...values.slice(1)];
    const known = this.#counts.get(keyOf(others));
    if (known !== undefined) known.count += count;
    else this.#add(others, count);
  }

  #add(values: readonly string[], count: number): void {
    this.#counts.set(keyOf(values), { values, count });
  }
}

function keyOf(values: readonly string[]): string {
  return JSON.stringify(values);
}
