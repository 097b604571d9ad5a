/**
 * Statistics of reports' durations.
 *
 * @module
 */

/** Number of reports per percentile, about 5 s. */
const WINDOW_REPORTS = 250;

/** Durations of the reports in some time, in milliseconds. */
export interface Latency {
  readonly reports: number;
  readonly p50Ms: number;
  /**
   * The median of the 99th percentiles of each 250 reports, so that a short
   * stall of the machine does not decide.
   */
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** @param tookMs The durations, in order of the due times. */
export function latencyOf(tookMs: readonly number[]): Latency {
  const windows: number[] = [];
  for (let from = 0; from < tookMs.length; from += WINDOW_REPORTS) {
    // A short last window is joined with the one before.
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
