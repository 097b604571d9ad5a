/**
 * Renders metrics in the text format of Prometheus, by `prom-client`, in a
 * registry of its own. The library's default metrics are left out because they
 * are wrong on Deno.
 *
 * @see {@link https://prometheus.io/docs/instrumenting/exposition_formats/ | Prometheus, Exposition formats}
 * @module
 */

import { Counter, Gauge, Histogram, Registry } from "prom-client";
import {
  type HistogramName,
  isScraped,
  METRIC_NAMES,
  type MetricProgram,
  type ScrapedName,
  specOf,
} from "../metric_table.ts";
import type { DurationSink, Sample } from "../sample.ts";

/** The metrics of one program. */
export class PrometheusRegistry implements DurationSink {
  readonly #registry = new Registry();
  readonly #scraped = new Map<ScrapedName, Gauge | Counter>();
  readonly #histograms = new Map<string, Histogram>();

  /** @param program The program that has the metrics. */
  constructor(program: MetricProgram) {
    const registers = [this.#registry];
    for (const name of METRIC_NAMES) {
      const { type, help, labels, programs, buckets } = specOf(name);
      if (!programs.includes(program)) continue;
      const settings = { name, help, labelNames: [...labels], registers };
      if (isScraped(name)) {
        const metric = type === "gauge"
          ? new Gauge(settings)
          : new Counter(settings);
        this.#scraped.set(name, metric);
      } else {
        const bounds = [...buckets ?? []];
        const metric = new Histogram({ ...settings, buckets: bounds });
        this.#histograms.set(name, metric);
      }
    }
  }

  /** The `Content-Type` of {@link PrometheusRegistry.render}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  observe(
    name: HistogramName,
    seconds: number,
    labels: Readonly<Record<string, string>> = {},
  ): void {
    this.#histograms.get(name)?.observe({ ...labels }, seconds);
  }

  /**
   * Renders all metrics.
   *
   * @param samples The current values; a metric without a sample has no value.
   * @throws {RangeError} when the program does not have a sample's metric.
   */
  async render(samples: Iterable<Sample>): Promise<string> {
    for (const [name, metric] of this.#scraped) {
      metric.reset();
      // Otherwise it would be 0, which is a value.
      if (specOf(name).labels.length === 0) metric.remove();
    }
    for (const { name, value, labels } of samples) {
      this.#of(name).inc({ ...labels }, value);
    }
    return await this.#registry.metrics();
  }

  #of(name: ScrapedName): Gauge | Counter {
    const metric = this.#scraped.get(name);
    if (metric === undefined) {
      throw new RangeError(`${name} is none of this program's metrics`);
    }
    return metric;
  }
}
