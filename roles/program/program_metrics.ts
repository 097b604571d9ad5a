/**
 * A program's metrics, and its health.
 *
 * @module
 */

import { HealthWatch, type PossibleFault } from "../../lib/metrics/health.ts";
import { processSamples } from "../../lib/metrics/io/process_samples.ts";
import type { PrometheusRegistry } from "../../lib/metrics/io/prometheus_registry.ts";
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
  /** Serves metrics and health; `undefined`: `httpbindurl` is not set. */
  readonly route: MetricsRoute | undefined;
  /** The current faults. */
  readonly health: HealthWatch;
  /** Notifies other hosts of faults. */
  readonly notifications: Notifications;
  readonly #options: ProgramMetricsOptions;
  readonly #registry: PrometheusRegistry | undefined;
  readonly #startedMs: number;
  #isReady = false;

  private constructor(
    options: ProgramMetricsOptions,
    registry: PrometheusRegistry | undefined,
  ) {
    this.#options = options;
    const { clock } = options.context;
    this.#registry = registry;
    this.#startedMs = clock.nowMs();
    this.health = new HealthWatch({
      look: () => this.#isReady ? options.look() : [],
      clock,
    });
    this.notifications = new Notifications({
      ...options,
      faults: () => this.health.faults(),
    });
    this.route = registry && new MetricsRoute({
      render: () => this.#render(registry),
      contentType: registry.contentType,
      faults: () => this.health.faults(),
      startingWith: () =>
        this.#isReady ? options.startingWith?.() : "the program is starting",
    });
  }

  /**
   * Starts to keep metrics. Loads `prom-client` only where somebody can ask for
   * them: it takes longer to load than a third of the program's own modules.
   *
   * @param options See {@link ProgramMetricsOptions}.
   */
  static async begin(options: ProgramMetricsOptions): Promise<ProgramMetrics> {
    if (options.context.config.httpBind === undefined) {
      return new ProgramMetrics(options, undefined);
    }
    const { PrometheusRegistry } = await import(
      "../../lib/metrics/io/prometheus_registry.ts"
    );
    return new ProgramMetrics(options, new PrometheusRegistry(options.program));
  }

  /** Receives durations; `undefined`: nobody can ask for them. */
  get durations(): DurationSink | undefined {
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
  markReady(): void {
    this.#isReady = true;
  }

  async #render(registry: PrometheusRegistry): Promise<string> {
    const own = this.#isReady ? await this.#options.samples() : [];
    return await registry.render(this.#all(own));
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
