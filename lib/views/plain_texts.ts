/**
 * Durations, times and numbers as text for operators.
 *
 * @module
 */

const SPANS: readonly (readonly [unit: string, seconds: number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/**
 * A duration in its largest unit, rounded down; between 1.1 and 2 of a unit in
 * the next smaller one, because `1 h` for nearly two hours would mislead.
 *
 * @param ms In milliseconds; below a second it gives `0 s`.
 *
 * @example
 * ```ts
 * import { spanText } from "./plain_texts.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(spanText(240_000), "4 min");
 * strictEqual(spanText(90_000_000), "1 d");
 * strictEqual(spanText(7_190_000), "119 min");
 * ```
 */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [unit, size] =
    SPANS.find(([, size]) =>
      seconds >= 2 * size || (seconds >= size && seconds < 1.1 * size)
    ) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/**
 * As {@link spanText}, for a duration that was measured slightly short, such as
 * a ban's reported duration: up to one percent is added.
 */
export function nearSpanText(ms: number): string {
  return spanText(Math.max(Math.round(ms / 1_000) * 1_000, ms * 1.01));
}

/** A number with commas between its thousands. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * A number with its noun.
 *
 * @param noun The singular; the plural gets an `s`.
 *
 * @example
 * ```ts
 * import { countedText } from "./plain_texts.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const texts = [1, 1_204].map((count) => countedText(count, "ban"));
 * deepStrictEqual(texts, ["1 ban", "1,204 bans"]);
 * ```
 */
export function countedText(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${countText(count)} ${noun}s`;
}

/** The time of day, in UTC. */
export function clockText(ms: number): string {
  return new Date(ms).toISOString().replace(/^.*T/, "").replace(/\.\d+Z$/, "Z");
}

/** The day, in UTC. */
export function dayText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** A time for programs, in ISO 8601; `null` stays. */
export function isoText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/**
 * A line of a CSV file.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc4180 | RFC 4180}
 */
export function csvLine(cells: readonly (string | number)[]): string {
  return cells.map((cell) => {
    const text = String(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }).join(",");
}
