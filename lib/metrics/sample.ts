/**
 * Values of metrics at a scrape.
 *
 * @module
 */

import type { HistogramName, LabelsOf, ScrapedName } from "./metric_table.ts";

/** A value of a metric, with its labels. */
export interface Sample {
  readonly name: ScrapedName;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

type LabelArguments<N extends ScrapedName | HistogramName> =
  keyof LabelsOf<N> extends never ? [] : [labels: LabelsOf<N>];

/**
 * A value of a metric, with the labels of the table.
 *
 * @param name The metric.
 * @param value In the metric's unit.
 * @param labels The labels, if the metric has any.
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

/** A switch as a number. */
export function asNumber(isOn: boolean): 0 | 1 {
  return isOn ? 1 : 0;
}

/** Receives durations. Never throws, never waits. */
export interface DurationSink {
  /**
   * Records a duration in a histogram.
   *
   * @param name The histogram.
   * @param seconds The duration.
   * @param labels The labels, if the histogram has any.
   */
  observe<N extends HistogramName>(
    name: N,
    seconds: number,
    ...labels: LabelArguments<N>
  ): void;
}
