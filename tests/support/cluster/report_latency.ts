/**
 * How long reports took.
 *
 * @module
 */

/** Reports of which one percentile is taken, some 5 s of them. */
const WINDOW_REPORTS = 250;

/** How long the reports of a while took, in milliseconds. */
export interface Latency {
  readonly reports: number;
  readonly p50Ms: number;
  /** The median of the 99th percentiles of each 250 reports: a moment in which the machine did something else doesn't decide it. */
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** @param tookMs How long each took, in the order in which they were due. */
export function latencyOf(tookMs: readonly number[]): Latency {
  const windows: number[] = [];
  for (let from = 0; from < tookMs.length; from += WINDOW_REPORTS) {
    // The last may be short: it belongs to the one before it.
    const isLast = tookMs.length - from < 2 * WINDOW_REPORTS;
    const to = isLast ? tookMs.length : from + WINDOW_REPORTS;
    windows.push(percentile(tookMs.slice(from, to), 0.99));
    if (isLast) break;
  }
  return {
    reports: tookMs.length,
    p50Ms: percentile(tookMs, 0.5),
    p99Ms: percentile(windows, 0.5),
    maxMs: percentile(tookMs, 1),
  };
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const last = sorted.length - 1;
  const value = sorted[Math.min(last, Math.floor(sorted.length * part))] ?? NaN;
  return Math.round(value * 10) / 10;
}
