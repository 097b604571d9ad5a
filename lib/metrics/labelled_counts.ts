/**
 * Counts events by labels, for a limited number of label values.
 *
 * @module
 */

/** Replaces a label's value above the limit. */
export const OTHER = "other";

/**
 * Counts by the values of some labels. The number of combinations is limited
 * whoever chooses the values: above the limit the first label is {@link OTHER}.
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
   * @param labels Names of the labels.
   * @param max Maximum number of combinations of values.
   */
  constructor(labels: readonly L[], max: number) {
    this.#labels = labels;
    this.#max = max;
  }

  /** Counts an event, or several equal ones. */
  note(values: readonly string[], count = 1): void {
    const known = this.#counts.get(keyOf(values));
    if (known !== undefined) known.count += count;
    else if (this.#counts.size < this.#max) this.#add(values, count);
    else this.#noteOther(values, count);
  }

  /** The counts, with the labels' names. */
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
