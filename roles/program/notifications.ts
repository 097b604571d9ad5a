/**
 * Tells other hosts how a program is: its heartbeat, and the webhook.
 *
 * @module
 */

import type { Fault } from "../../lib/metrics/health.ts";
import type { MetricProgram } from "../../lib/metrics/metric_table.ts";
import { type Sample, sample } from "../../lib/metrics/sample.ts";
import { Heartbeat } from "../../lib/notify/heartbeat.ts";
import { FetchAsker } from "../../lib/notify/io/http_asker.ts";
import { StandingChanges } from "../../lib/notify/standing_changes.ts";
import { Webhook } from "../../lib/notify/webhook.ts";
import {
  prefixedFigures,
  type StatusFigures,
} from "../../lib/service/status_report.ts";
import type { LiveNode } from "../../lib/wire/operator_status.ts";
import type { RoleContext } from "./invocation.ts";

/** Options for {@link Notifications}. */
export interface NotificationsOptions {
  readonly program: MetricProgram;
  readonly version: string;
  readonly context: Pick<
    RoleContext<MetricProgram>,
    "clock" | "config" | "dryRun" | "log"
  >;
  /** What is wrong now. */
  readonly faults: () => readonly Fault[];
  /** How the members are. @default {there are none} */
  readonly nodes?: () => readonly LiveNode[];
}

/** Interval between looks at what may have to be told. */
const LOOK_INTERVAL_MS = 1_000;

/** What a program tells other hosts; a dry run tells nothing. */
export class Notifications {
  readonly #options: NotificationsOptions;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #webhook: Webhook | undefined;

  /** @param options See {@link NotificationsOptions}. */
  constructor(options: NotificationsOptions) {
    this.#options = options;
    const { program, version, context, faults } = options;
    const { clock, log, dryRun, config: { general, heartbeat } } = context;
    if (dryRun) return;
    const asker = new FetchAsker(clock);
    if (heartbeat !== undefined) {
      this.#heartbeat = new Heartbeat({
        ...{ target: heartbeat, asker, clock, log },
        isHealthy: () => faults().length === 0,
      });
    }
    const node = general.hostName;
    const teller = { node, program: `fail2ban-${program}`, version };
    if (general.webhook !== undefined) {
      this.#webhook = new Webhook({
        ...general.webhook,
        ...{ teller, asker, clock, log },
      });
    }
  }

  /** What goes on as long as the program does. */
  get tasks(): readonly ((signal: AbortSignal) => Promise<void>)[] {
    const heartbeat = this.#heartbeat;
    const webhook = this.#webhook;
    return [
      ...heartbeat === undefined
        ? []
        : [(signal: AbortSignal) => heartbeat.run(signal)],
      ...webhook === undefined ? [] : [
        (signal: AbortSignal) => webhook.run(signal),
        (signal: AbortSignal) => this.#look(webhook, signal),
      ],
    ];
  }

  /** Hears what an operator did. */
  noteDeed(words: string): void {
    this.#webhook?.note({ event: "operator", words });
  }

  /** For `status`. */
  get figures(): StatusFigures {
    const heartbeat = this.#heartbeat?.counters;
    const webhook = this.#webhook?.counters;
    return {
      ...heartbeat && prefixedFigures("heartbeat", { ...heartbeat }),
      ...webhook && prefixedFigures("webhook", { ...webhook }),
    };
  }

  /** Metrics, of what there is. */
  *samples(): Generator<Sample> {
    const counted = {
      heartbeat: this.#heartbeat?.counters,
      webhook: this.#webhook?.counters,
    };
    for (const [to, counters] of Object.entries(counted)) {
      for (const outcome of ["ok", "failed"] as const) {
        if (counters === undefined) continue;
        yield sample("f2bc_notify_total", counters[outcome], { to, outcome });
      }
    }
    const lost = counted.webhook?.lost;
    if (lost !== undefined) {
      yield sample("f2bc_webhook_events_lost_total", lost);
    }
  }

  async #look(webhook: Webhook, signal: AbortSignal): Promise<void> {
    const { faults, nodes, context: { clock } } = this.#options;
    const changes = new StandingChanges();
    webhook.note({ event: "started" });
    while (true) {
      const nowMs = clock.monotonicMs();
      for (const event of changes.look(faults(), nodes?.() ?? [], nowMs)) {
        webhook.note(event);
      }
      await clock.delay(LOOK_INTERVAL_MS, signal);
    }
  }
}
