/**
 * Values of metrics as they are scraped.
 *
 * @module
 */

import type { HistogramName, LabelsOf, ScrapedName } from "./metric_table.ts";

/** A value of a metric, with the labels of which it is. */
export interface Sample {
  readonly name: ScrapedName;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

type LabelArguments<N extends ScrapedName | HistogramName> =
  keyof LabelsOf<N> extends never ? [] : [labels: LabelsOf<N>];

/**
 * A value of a metric; its labels are those of the table.
 *
 * @param name Which metric.
 * @param value In its unit.
 * @param labels Where the metric has any.
 *
 * @example
 * ```ts
 * import { sample } from "./sample.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(sample("f2bc_publisher_reports", 3, { node: "web1" }), {
 *   name: "f2bc_publisher_reports",
 *   value: 3,
 *   labels: { node: "web1" },
 * });
 * ```
 */
export function sample<N extends ScrapedName>(
  name: N,
  value: number,
  ...labels: LabelArguments<N>
): Sample {
  return { name, value, labels: labels[0] ?? {} };
}

/** A switch as a value. */
export function asNumber(isOn: boolean): 0 | 1 {
  return isOn ? 1 : 0;
}

/** Is told of durations. Never throws, never waits. */
export interface DurationSink {
  /**
   * Takes a duration of a histogram.
   *
   * @param name Which histogram.
   * @param seconds How long it took.
   * @param labels Where the histogram has any.
   */
  observe<N extends HistogramName>(
    name: N,
    seconds: number,
    ...labels: LabelArguments<N>
  ): void;
}
