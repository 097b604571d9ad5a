/**
 * A program's metrics, and its health.
 *
 * @module
 */

import { HealthWatch, type PossibleFault } from "../../lib/metrics/health.ts";
import { processSamples } from "../../lib/metrics/io/process_samples.ts";
import { PrometheusRegistry } from "../../lib/metrics/io/prometheus_registry.ts";
import type { MetricProgram } from "../../lib/metrics/metric_table.ts";
import { MetricsRoute } from "../../lib/metrics/metrics_route.ts";
import {
  asNumber,
  type DurationSink,
  type Sample,
  sample,
} from "../../lib/metrics/sample.ts";
import { Notifications } from "./notifications.ts";
import type { RoleContext } from "./invocation.ts";
import type { LiveNode } from "../../lib/wire/operator_status.ts";
import type { StatusFigures } from "../../lib/service/status_report.ts";

/** Options for {@link ProgramMetrics}. */
export interface ProgramMetricsOptions {
  readonly program: MetricProgram;
  readonly version: string;
  readonly context: Pick<
    RoleContext<MetricProgram>,
    "clock" | "lostLines" | "config" | "dryRun" | "log"
  >;
  /** Gives the current values; called only once the program is ready. */
  readonly samples: () => Iterable<Sample> | Promise<Iterable<Sample>>;
  /** Gives the current faults; called only once the program is ready. */
  readonly look: () => Iterable<PossibleFault>;
  /**
   * Why a ready program does not do all of its work yet; `undefined` when it
   * does. @default {it does}
   */
  readonly startingWith?: () => string | undefined;
  /** Gives the members' states, at a publisher. @default {none} */
  readonly nodes?: () => readonly LiveNode[];
}

/** The metrics and the health of a program. */
export class ProgramMetrics {
  /** Serves metrics and health. */
  readonly route: MetricsRoute;
  /** The current faults. */
  readonly health: HealthWatch;
  /** Notifies other hosts of faults. */
  readonly notifications: Notifications;
  readonly #options: ProgramMetricsOptions;
  readonly #registry: PrometheusRegistry;
  readonly #startedMs: number;
  #isReady = false;

  /** @param options See {@link ProgramMetricsOptions}. */
  constructor(options: ProgramMetricsOptions) {
    this.#options = options;
    const { clock } = options.context;
    this.#registry = new PrometheusRegistry(options.program);
    this.#startedMs = clock.nowMs();
    this.health = new HealthWatch({
      look: () => this.#isReady ? options.look() : [],
      clock,
    });
    this.notifications = new Notifications({
      ...options,
      faults: () => this.health.faults(),
    });
    this.route = new MetricsRoute({
      render: () => this.#render(),
      contentType: this.#registry.contentType,
      faults: () => this.health.faults(),
      startingWith: () =>
        this.#isReady ? options.startingWith?.() : "the program is starting",
    });
  }

  /** Receives durations. */
  get durations(): DurationSink {
    return this.#registry;
  }

  /** Start of the program, in milliseconds since 1970. */
  get startedMs(): number {
    return this.#startedMs;
  }

  /** The tasks to run beside the program. */
  get tasks(): readonly ((signal: AbortSignal) => Promise<void>)[] {
    return [
      (signal) => this.health.run(signal),
      ...this.notifications.tasks,
    ];
  }

  /** Figures for `status`. */
  get figures(): StatusFigures {
    return { health: this.health.words, ...this.notifications.figures };
  }

  /** Marks the program as ready. */
  begin(): void {
    this.#isReady = true;
  }

  async #render(): Promise<string> {
    const own = this.#isReady ? await this.#options.samples() : [];
    return await this.#registry.render(this.#all(own));
  }

  *#all(own: Iterable<Sample>): Generator<Sample> {
    const { program, version, context } = this.#options;
    const isHealthy = this.health.faults().length === 0;
    yield sample("f2bc_build_info", 1, { program, version });
    yield sample("f2bc_healthy", asNumber(isHealthy));
    yield sample("f2bc_log_lost_total", context.lostLines());
    yield* this.notifications.samples();
    yield* processSamples(this.#startedMs);
    yield* own;
  }
}
